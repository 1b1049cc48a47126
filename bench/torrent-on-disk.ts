// What it costs to send a file of a torrent that is on the disk, in the page cache, against bare servers of Node in the same run.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Seeder } from '../test/support/peers/seeder.ts';
import { torrentOf, type MadeTorrent } from '../test/support/peers/torrent-files.ts';
import { magnetLink, openTorrent } from '../test/support/peers/torrent-stage.ts';
import { sampleBytes } from '../test/support/servers/fault-server.ts';
import { startServer, type ServerProcess } from '../test/support/servers/server-process.ts';
import { MIB } from '../src/base/units.ts';
import { bareServer, type Place } from './bare-server.ts';
import { request } from './http-client.ts';
import { cpuSeconds, pause, type Row } from './measure.ts';

const FILE_BYTES = 300 * MIB;
const ROUNDS = 4;
const SETTLE_MS = 2000;
const LEAST_MB_PER_SECOND = 1000;
const MOST_CPU_PER_GB = 0.6;

interface Cost {
  bytes: number;
  seconds: number;
  /** Of the server and its child processes. */
  cpuSeconds: number;
}

export async function torrentOnDisk(): Promise<Row[]> {
  const content = sampleBytes(FILE_BYTES, 7);
  const torrent = torrentOf(content, { name: 'film.mkv', pieceBytes: MIB });
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'raffi-torrent-on-disk-'));
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const path = join(directory, 'film.mkv');
  await writeFile(path, content);
  const server = stack.use(await startServer({ env: { RAFFI_LOG_LEVEL: 'warn' } }));
  await download(server, torrent, content);
  const ours = { url: `${server.url}/torrents/${torrent.infoHash}`, pid: server.pid };
  const [torrentCost, streamCost, blocksCost] = await costsOf([
    ours,
    stack.use(await bareServer(path, 'stream')),
    stack.use(await bareServer(path, 'blocks')),
  ]);
  if (!torrentCost || !streamCost || !blocksCost) throw new TypeError('a place was not measured');
  return rowsOf(torrentCost, streamCost, blocksCost);
}

/** The seeder has ended afterwards, so that the engine has nothing left to do. The end of the response waits for the last hash. */
async function download(server: ServerProcess, torrent: MadeTorrent, content: Uint8Array): Promise<void> {
  await using seeder = await Seeder.start([{ torrent, content }]);
  await openTorrent(server.url, magnetLink(torrent, { peers: [seeder.address] }));
  await request({ method: 'GET', url: `${server.url}/torrents/${torrent.infoHash}` });
}

/** The whole file from each place in turn. The first round, in which code is compiled, is not counted. */
async function costsOf(places: readonly Place[]): Promise<Cost[]> {
  const costs = places.map(() => ({ bytes: 0, seconds: 0, cpuSeconds: 0 }));
  await pause(SETTLE_MS);
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [index, place] of places.entries()) {
      const cost = await costOf(place);
      const sum = costs[index];
      if (round === 0 || !sum) continue;
      sum.bytes += cost.bytes;
      sum.seconds += cost.seconds;
      sum.cpuSeconds += cost.cpuSeconds;
    }
  }
  return costs;
}

async function costOf({ url, pid }: Place): Promise<Cost> {
  const before = cpuSeconds(pid);
  const startedMs = performance.now();
  const { bodyBytes } = await request({ method: 'GET', url });
  const seconds = (performance.now() - startedMs) / 1000;
  if (bodyBytes !== FILE_BYTES) throw new Error(`${bodyBytes} bytes came`);
  return { bytes: bodyBytes, seconds, cpuSeconds: cpuSeconds(pid) - before };
}

function rowsOf(torrent: Cost, stream: Cost, blocks: Cost): Row[] {
  const speed = ({ bytes, seconds }: Cost) => bytes / seconds / 1e6;
  const cpu = ({ bytes, cpuSeconds: used }: Cost) => (used / bytes) * 1e9;
  return [
    {
      name: 'torrent on the disk, to one client (bare Node: createReadStream, blocks of 1 MiB)',
      figure: `${speed(torrent).toFixed(0)} MB/s (${speed(stream).toFixed(0)}, ${speed(blocks).toFixed(0)})`,
      limit: `at least ${LEAST_MB_PER_SECOND} MB/s`,
      holds: speed(torrent) >= LEAST_MB_PER_SECOND,
    },
    {
      name: '... CPU of all processes',
      figure: `${cpu(torrent).toFixed(2)} CPU-s/GB (${cpu(stream).toFixed(2)}, ${cpu(blocks).toFixed(2)})`,
      limit: `${MOST_CPU_PER_GB}`,
      holds: cpu(torrent) <= MOST_CPU_PER_GB,
    },
  ];
}
