// Torrents at full size, too long for the tests: readers that come and go, a film four times the cap, a crash. `npm run soak:torrents`.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { childrenOf, descriptorsOf, until } from '../test/support/servers/server-children.ts';
import { startServer, type ServerProcess } from '../test/support/servers/server-process.ts';
import { chunksOf, magnetLink, openTorrent, readRange, torrentStatus } from '../test/support/peers/torrent-stage.ts';
import { sampleBytes } from '../test/support/servers/fault-server.ts';
import { Seeder } from '../test/support/peers/seeder.ts';
import { torrentOf } from '../test/support/peers/torrent-files.ts';
import { killedInMidDownload } from './soak-killed.ts';

const MIB = 2 ** 20;

await killedInMidDownload();
await comingAndGoing({ seconds: 30, perSecond: 20 });
await farMoreThanTheCap({ capBytes: 256 * MIB, sizeBytes: 1024 * MIB });

/** Readers, descriptors and memory must be back at the baseline. */
async function comingAndGoing({ seconds, perSecond }: { seconds: number; perSecond: number }): Promise<void> {
  await using server = await startServer();
  const content = sampleBytes(64 * MIB, 1);
  const torrent = torrentOf(content, { name: 'film.mkv', pieceBytes: MIB });
  await using seeder = await Seeder.start([{ torrent, content }], { bytesPerSecond: 8 * MIB });
  await openTorrent(server.url, magnetLink(torrent, { peers: [seeder.address] }));
  const place = `${server.url}/torrents/${torrent.infoHash}`;
  await readRange(place, { start: 0, end: 100 });
  const openAndAbort = async (count: number): Promise<void> => {
    for (let index = 0; index < count; index += 1) {
      const headers = { range: `bytes=${((index * 7919) % 64) * MIB}-` };
      void fetch(place, { headers, signal: AbortSignal.timeout(100 + (index % 10) * 20) })
        .then((reply) => reply.arrayBuffer())
        .catch(() => undefined);
      await delay(1000 / perSecond);
    }
    await until(async () => (await torrentStatus(server.url, torrent))['readers'] === 0, 10_000, 'no readers');
    await delay(5000);
  };
  // Heaps and pools grow to their size in the first round.
  await openAndAbort(seconds * perSecond);
  const before = measure(server);
  await openAndAbort(seconds * perSecond);
  const after = measure(server);
  console.log(`coming and going, ${seconds * perSecond} readers: before ${before.text}, after ${after.text}`);
  assert.ok(after.descriptors <= before.descriptors + 10, 'descriptors');
  assert.ok(after.memoryBytes <= before.memoryBytes + 60 * MIB, 'memory of all processes');
}

/** Played to the end: the disk never holds more than the cap and 64 MiB, and every byte is right. */
async function farMoreThanTheCap({ capBytes, sizeBytes }: { capBytes: number; sizeBytes: number }): Promise<void> {
  await using server = await startServer({ env: { RAFFI_TORRENT_CACHE_SIZE: `${capBytes / MIB}MiB` } });
  const content = sampleBytes(sizeBytes, 2);
  const torrent = torrentOf(content, { name: 'film.mkv', pieceBytes: MIB });
  await using seeder = await Seeder.start([{ torrent, content }]);
  await openTorrent(server.url, magnetLink(torrent, { peers: [seeder.address] }));
  const place = `${server.url}/torrents/${torrent.infoHash}`;
  const hash = createHash('sha256');
  const began = performance.now();
  let mostBytes = 0;
  let length = 0;
  for await (const chunk of chunksOf(await fetch(place))) {
    hash.update(chunk);
    length += chunk.length;
    mostBytes = Math.max(mostBytes, bytesOnDisk(join(server.home.tmp, 'raffi-torrents')));
  }
  const seconds = (performance.now() - began) / 1000;
  assert.equal(hash.digest('hex'), createHash('sha256').update(content).digest('hex'));
  const { length: againLength } = (await readRange(place, { start: 300 * MIB, end: 301 * MIB })).bytes;
  assert.equal(againLength, MIB);
  console.log(
    `a film of ${length / MIB} MiB under a cap of ${capBytes / MIB}: at most ${(mostBytes / MIB).toFixed(0)} MiB on the disk, ` +
      `${(length / MIB / seconds).toFixed(0)} MiB/s, equal to the source`,
  );
  assert.ok(mostBytes <= capBytes + 64 * MIB, 'the cap');
}

interface Footprint {
  descriptors: number;
  memoryBytes: number;
  text: string;
}

/** Of the server and its children. */
function measure(server: ServerProcess): Footprint {
  const pids = [server.pid, ...childrenOf(server.pid).map(({ pid }) => pid)];
  const descriptors = pids.reduce((sum, pid) => sum + descriptorsOf(pid).length, 0);
  const memoryBytes = pids.reduce((sum, pid) => sum + residentBytes(pid), 0);
  return { descriptors, memoryBytes, text: `${descriptors} descriptors, ${(memoryBytes / MIB).toFixed(0)} MiB` };
}

function residentBytes(pid: number): number {
  const text = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s*(\d+) kB$/mu.exec(text)?.[1] ?? 0) * 1024;
}

/** What the files take, holes not counted. */
function bytesOnDisk(directory: string): number {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce(
      (sum, entry) =>
        sum + (statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.blocks ?? 0) * 512,
      0,
    );
}
