// The power goes in the middle of a large torrent: all processes of the server are killed, a byte on the disk is damaged, and it starts again.
import assert from 'node:assert/strict';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { markedFilm } from '../test/support/judges/copied-bytes.ts';
import { childrenOf, signalAll } from '../test/support/servers/server-children.ts';
import { serverHome, startServer, type ServerProcess } from '../test/support/servers/server-process.ts';
import { chunksOf, magnetLink, openTorrent, readRange } from '../test/support/peers/torrent-stage.ts';
import { membersOf } from '../test/support/viewers/viewer.ts';
import { sampleBytes } from '../test/support/servers/fault-server.ts';
import { Seeder } from '../test/support/peers/seeder.ts';
import { torrentOf } from '../test/support/peers/torrent-files.ts';

const MIB = 2 ** 20;
const SIZE = 1024 * MIB;
/** As much is read before the end. */
const READ = 640 * MIB;
const DAMAGED = 320 * MIB + 12_345;

/** Progress is kept and known within a second, the damaged byte is fetched anew before anybody gets it, nothing else is. */
export async function killedInMidDownload(): Promise<void> {
  await using home = await serverHome();
  const content = await largeFilm();
  const torrent = torrentOf(content, { name: 'film.mp4', pieceBytes: MIB });
  await using seeder = await Seeder.start([{ torrent, content }]);
  const first = await startServer({ home });
  const { id } = await openTorrent(first.url, magnetLink(torrent, { peers: [seeder.address] }));
  await readSome(`${first.url}/torrents/${torrent.infoHash}`);
  const before = await progressOf(first, id);
  const children = childrenOf(first.pid);
  signalAll(children, 'SIGKILL');
  await first.end('SIGKILL');
  await damage(join(home.tmp, 'raffi-torrents', torrent.infoHash, 'data'));

  await using second = await startServer({ home });
  const began = performance.now();
  let after = 0;
  while ((after = await progressOf(second, id)) === 0) await delay(10);
  const knownMs = performance.now() - began;
  const sent = await seeder.sentBytes();
  const place = `${second.url}/torrents/${torrent.infoHash}`;
  const kept = Math.floor((after / 100) * SIZE);
  let checkedMs = 0;
  for (const start of [0, 256 * MIB, 320 * MIB, 512 * MIB]) {
    const { bytes, firstByteMs } = await readRange(place, { start, end: start + 32 * MIB });
    assert.ok(bytes.equals(content.subarray(start, start + 32 * MIB)), `bytes at ${start}`);
    checkedMs = Math.max(checkedMs, firstByteMs);
  }
  const again = (await seeder.sentBytes()) - sent;
  console.log(
    `killed at ${before} % of ${SIZE / MIB} MiB: ${after} % is there ${knownMs.toFixed(0)} ms after the next server listens, ` +
      `first bytes after ${checkedMs.toFixed(0)} ms at most, the damaged byte right, ${(again / MIB).toFixed(1)} MiB fetched again and ahead`,
  );
  assert.ok(kept >= READ - 128 * MIB, 'progress');
  // One second on a machine that does nothing else; hashing all of it would take five.
  assert.ok(knownMs < 3000, 'time');
}

/** A short film in a large file: what follows it is no part of it. */
async function largeFilm(): Promise<Buffer> {
  const film = await markedFilm('killed');
  const header = Buffer.alloc(8);
  header.writeUInt32BE(SIZE - film.length);
  header.write('free', 4, 'latin1');
  return Buffer.concat([film, header, sampleBytes(SIZE - film.length - header.length, 3)]);
}

async function readSome(place: string): Promise<void> {
  let length = 0;
  const leave = new AbortController();
  for await (const chunk of chunksOf(await fetch(place, { signal: leave.signal }))) {
    length += chunk.length;
    if (length >= READ) break;
  }
  leave.abort();
}

async function progressOf({ url }: ServerProcess, id: string): Promise<number> {
  return Number(membersOf(await (await fetch(`${url}/sessions/${id}`)).json())['progress'] ?? 0);
}

async function damage(path: string): Promise<void> {
  await using file = await open(path, 'r+');
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, DAMAGED);
  await file.write(Buffer.from([buffer.readUInt8(0) ^ 0xff]), 0, 1, DAMAGED);
}
