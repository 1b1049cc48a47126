// `npm run soak:faults [rounds]`: the faults that take too long for the tests. Remote servers that send nothing for a minute, and workers that are
// killed all the time; each round must bring the bytes of an undisturbed run, and leave no process and no descriptor more than the one before.
// Then a viewer who leaves without a word, with the limit that users have, and many short sessions of a remote film.
import assert from 'node:assert/strict';
import { setTimeout as delay } from 'node:timers/promises';
import { assertSameBytes, copiedBytes, markedFilm, referenceBytes } from '../test/support/judges/copied-bytes.ts';
import { childrenOf, descriptorsOf, encodersOf, signalAll } from '../test/support/servers/server-children.ts';
import { startServer, type ServerProcess } from '../test/support/servers/server-process.ts';
import { bytesOf, openSession, playlistOf, sessionInfo } from '../test/support/viewers/viewer.ts';
import { clip } from '../test/support/clips/clips.ts';
import { FaultServer } from '../test/support/servers/fault-server.ts';
import { residentMb } from './measure.ts';

const STALL_MS = 60_000;
const STALL_AT = 3 * 2 ** 20;
const KILL_EVERY_MS = 4000;
const ENCODER_IDLE_MS = 60_000;
const CYCLES = 500;

const rounds = Number(process.argv[2] ?? 3);
const reference = await referenceBytes(await markedFilm('reference'));
await using server = await startServer({ env: { RAFFI_SESSIONS_PER_MINUTE: '100000' } });
for (let round = 1; round <= rounds; round += 1) {
  // One connection that stops; then a server that is silent to everybody for that long.
  await stalled(`one connection, round ${round}`, 1);
  await stalled(`every connection, round ${round}`, Infinity);
  await killed(`workers killed, round ${round}`);
  await delay(15_000);
  const children = childrenOf(server.pid).length;
  console.log(`round ${round}: ${children} workers, ${descriptorsOf(server.pid).length} descriptors`);
}
await left();
await remoteCycles();

async function stalled(mark: string, times: number): Promise<void> {
  await using remote = await FaultServer.start(await markedFilm(mark));
  const session = await openSession(server.url, remote.url());
  await sessionInfo(session);
  remote.faults = { stall: { atByte: STALL_AT, forMs: STALL_MS, times } };
  const end = setTimeout(() => (remote.faults = {}), STALL_MS);
  const beforeMs = performance.now();
  assertSameBytes(await copiedBytes(session), reference);
  clearTimeout(end);
  console.log(
    `${mark}: whole after ${Math.round(performance.now() - beforeMs)} ms, ${remote.requests.length} requests`,
  );
  await fetch(session.url, { method: 'DELETE' });
}

async function killed(mark: string): Promise<void> {
  await using remote = await FaultServer.start(await markedFilm(mark), { bytesPerSecond: 2 ** 20 });
  const session = await openSession(server.url, remote.url());
  await sessionInfo(session);
  const killing = setInterval(() => kill(server), KILL_EVERY_MS);
  try {
    assertSameBytes(await copiedBytes(session), reference);
  } finally {
    clearInterval(killing);
  }
  console.log(`${mark}: whole`);
  await fetch(session.url, { method: 'DELETE' });
}

/** Nobody says goodbye: a minute after the last request the encoder must be gone. */
async function left(): Promise<void> {
  const session = await openSession(server.url, await clip('long-looped-1080p'));
  const { segments } = await playlistOf(`${session.url}/360p/playlist.m3u8`);
  await bytesOf(segments[4]?.uri ?? '');
  assert.equal(encodersOf(server.pid).length, 1, 'an encoder at work');
  await delay(ENCODER_IDLE_MS + 10_000);
  assert.equal(encodersOf(server.pid).length, 0, 'no encoder is left');
  console.log('a viewer who left: no encoder after a minute');
}

async function remoteCycles(): Promise<void> {
  await using remote = await FaultServer.start(await markedFilm('cycles'));
  await remoteCycle(remote, 20);
  const before = holdings();
  await remoteCycle(remote, CYCLES);
  await delay(15_000);
  console.log(`${CYCLES} cycles of a remote film: ${before} -> ${holdings()}`);
}

async function remoteCycle(remote: FaultServer, times: number): Promise<void> {
  for (let round = 0; round < times; round += 1) {
    const session = await openSession(server.url, remote.url());
    const { segments } = await playlistOf(`${session.url}/original/playlist.m3u8`);
    await bytesOf(segments[round % segments.length]?.uri ?? '');
    await bytesOf(segments[(round * 7) % segments.length]?.uri ?? '');
    await fetch(`${server.url}/cleanup?id=${session.id}`, { method: 'POST' });
  }
}

function holdings(): string {
  const { pid } = server;
  return `${residentMb(pid).toFixed(0)} MB, ${descriptorsOf(pid).length} descriptors, ${childrenOf(pid).length} children`;
}

function kill({ pid }: ServerProcess): void {
  signalAll(childrenOf(pid), 'SIGKILL');
}
