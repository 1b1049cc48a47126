// Torrents from foreign seeders on loopback, through the server: how soon, how much for nothing, and how fast against libtorrent.
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { startServer, type ServerProcess } from '../test/support/servers/server-process.ts';
import { firstByteAt, magnetLink, openTorrent, readRange, torrentStatus } from '../test/support/peers/torrent-stage.ts';
import { sampleBytes } from '../test/support/servers/fault-server.ts';
import { Seeder } from '../test/support/peers/seeder.ts';
import { torrentOf, type MadeTorrent } from '../test/support/peers/torrent-files.ts';
import { percentile, timed, type Row } from './measure.ts';
import { torrentOnDisk } from './torrent-on-disk.ts';
import { firstTorrents } from './torrent-start.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
const SEEKS = [0.5, 0.2, 0.8, 0.35, 0.65];
const LEECHER = fileURLToPath(new URL('./leecher.py', import.meta.url));

export async function torrents(): Promise<Row[]> {
  const rows = await firstTorrents();
  for (const mib of [1, 4, 16]) rows.push(...(await seeking(mib)));
  for (const seeders of [1, 5]) rows.push(...(await throughput(seeders)));
  rows.push(...(await torrentOnDisk()));
  return rows;
}

/** From a seeder of 2 MiB/s. */
async function seeking(pieceMib: number): Promise<Row[]> {
  const content = sampleBytes(96 * MIB, pieceMib);
  const torrent = torrentOf(content, { name: 'film.mkv', pieceBytes: pieceMib * MIB });
  await using server = await startServer();
  await using seeder = await Seeder.start([{ torrent, content }], { bytesPerSecond: 2 * MIB });
  await awake(server);
  const started = performance.now();
  await openTorrent(server.url, magnetLink(torrent, { peers: [seeder.address] }));
  const place = `${server.url}/torrents/${torrent.infoHash}`;
  await firstByteAt(place, 0);
  const startMs = performance.now() - started;
  const seeks: number[] = [];
  const fetched: number[] = [];
  for (const share of SEEKS) {
    await delay(1000);
    const before = await seeder.sentBytes();
    seeks.push(await firstByteAt(place, Math.floor(content.length * share) + 12_345));
    fetched.push(((await seeder.sentBytes()) - before) / KIB);
  }
  for (let jump = 0; jump < 15; jump += 1) {
    const range = `bytes=${(((jump * 7) % 15) + 0.5) * 6 * MIB}-`;
    await fetch(place, { headers: { range }, signal: AbortSignal.timeout(200) })
      .then((reply) => reply.arrayBuffer())
      .catch(() => undefined);
  }
  const stormMs = await firstByteAt(place, 44 * MIB + 7);
  const tail = await readRange(place, { start: content.length - 64 * KIB, end: content.length });
  const name = `pieces of ${pieceMib} MiB, seeder of 2 MiB/s`;
  return [
    limited(`${name}: first byte of a magnet with a known peer`, startMs, 700),
    limited(`${name}: first byte of a seek, slowest of ${SEEKS.length}`, Math.max(...seeks), 700),
    {
      name: `${name}: fetched until then, most`,
      figure: `${Math.round(Math.max(...fetched))} KiB`,
      limit: '768 KiB',
      holds: Math.max(...fetched) <= 768,
    },
    limited(`${name}: last of 15 rapid seeks`, stormMs, 1200),
    limited(`${name}: last 64 KiB`, tail.totalMs, 800),
  ];
}

/** The whole torrent as fast as it goes, both ways one after the other; and what `/health` notices of it. */
async function throughput(count: number): Promise<Row[]> {
  const content = sampleBytes(192 * MIB, count);
  const torrent = torrentOf(content, { name: 'film.mkv', pieceBytes: MIB });
  await using stack = new AsyncDisposableStack();
  const seeders: Seeder[] = [];
  for (let index = 0; index < count; index += 1) seeders.push(stack.use(await Seeder.start([{ torrent, content }])));
  const peers = seeders.map(({ address }) => address);
  const theirs = await leech(torrent, peers);
  const server = stack.use(await startServer());
  await awake(server);
  const idle = await healthTimes(server, delay(2000));
  await openTorrent(server.url, magnetLink(torrent, { peers }));
  let seconds = 0;
  const busy = await healthTimes(
    server,
    timed(() => readAll(`${server.url}/torrents/${torrent.infoHash}`)).then((took) => (seconds = took / 1000)),
  );
  const [ours, other] = [192 / seconds, 192 / theirs];
  const later = percentile(busy, 0.99) - percentile(idle, 0.99);
  const name = `${count} ${count === 1 ? 'seeder' : 'seeders'}`;
  return [
    {
      name: `${name}: throughput, the server to its client against libtorrent to the disk`,
      figure: `${ours.toFixed(0)} / ${other.toFixed(0)} MiB/s (${(ours / other).toFixed(2)} x)`,
      limit: '0.6 x',
      holds: ours / other >= 0.6,
    },
    limited(`${name}: /health p99 above idle meanwhile`, later, 25),
  ];
}

/** The engine starts with the first torrent; that is measured apart. */
async function awake(server: ServerProcess): Promise<void> {
  const first = torrentOf(sampleBytes(MIB, 999), { name: 'first.mkv' });
  const headers = { 'content-type': 'application/x-bittorrent' };
  await fetch(`${server.url}/torrents`, { method: 'POST', headers, body: first.metainfo });
  while ((await torrentStatus(server.url, first))['stage'] === 'metadata') await delay(50);
}

/** Milliseconds of requests, one after another, while `work` lasts. */
async function healthTimes(server: ServerProcess, work: Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  let isDone = false;
  const done = work.finally(() => (isDone = true));
  while (!isDone) {
    times.push(await timed(() => fetch(`${server.url}/health`).then((reply) => reply.text())));
    await delay(5);
  }
  await done;
  return times;
}

/** By another process, so that this one has nothing to do but ask for `/health`. */
async function readAll(url: string): Promise<void> {
  const child = spawn('curl', ['-s', '-o', '/dev/null', '-w', '%{size_download}', url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const bytes = Number(await text(child.stdout));
  if (bytes !== 192 * MIB) throw new Error(`${bytes} bytes came`);
}

/** Seconds libtorrent takes. */
async function leech(torrent: MadeTorrent, peers: readonly string[]): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'raffi-leecher-'));
  try {
    const metainfo = join(directory, 'film.torrent');
    await writeFile(metainfo, torrent.metainfo);
    const places = peers.map((peer) => [peer.split(':')[0], Number(peer.split(':')[1])]);
    const wish = JSON.stringify({ metainfo, directory, peers: places });
    const child = spawn('/usr/bin/python3', [LEECHER, wish], { stdio: ['ignore', 'pipe', 'inherit'] });
    const said: unknown = JSON.parse(await text(child.stdout));
    return typeof said === 'object' && said !== null ? Number(Reflect.get(said, 'seconds')) : NaN;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function limited(name: string, value: number, limit: number): Row {
  return { name, figure: ms(value), limit: ms(limit), holds: value <= limit };
}

function ms(value: number): string {
  return `${Math.round(value)} ms`;
}
