// `npm run soak:faults [rounds]`: the faults that take too long for the tests. Remote servers that send nothing for a minute, and workers that are
// killed all the time; each round must bring the bytes of an undisturbed run, and leave no process and no descriptor more than the one before.
import { setTimeout as delay } from 'node:timers/promises';
import { assertSameBytes, copiedBytes, markedFilm, referenceBytes } from '../test/black-box/copied-bytes.ts';
import { childrenOf, descriptorsOf, signalAll } from '../test/black-box/server-children.ts';
import { startServer, type ServerProcess } from '../test/black-box/server-process.ts';
import { openSession, sessionInfo } from '../test/black-box/viewer.ts';
import { FaultServer } from '../test/servers/fault-server.ts';

const STALL_MS = 60_000;
const STALL_AT = 3 * 2 ** 20;
const KILL_EVERY_MS = 4000;

const rounds = Number(process.argv[2] ?? 3);
const reference = await referenceBytes(await markedFilm('reference'));
await using server = await startServer();
for (let round = 1; round <= rounds; round += 1) {
  // One connection that stops; then a server that is silent to everybody for that long.
  await stalled(`one connection, round ${round}`, 1);
  await stalled(`every connection, round ${round}`, Infinity);
  await killed(`workers killed, round ${round}`);
  await delay(15_000);
  const children = childrenOf(server.pid).length;
  console.log(`round ${round}: ${children} workers, ${descriptorsOf(server.pid).length} descriptors`);
}

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

function kill({ pid }: ServerProcess): void {
  signalAll(childrenOf(pid), 'SIGKILL');
}
