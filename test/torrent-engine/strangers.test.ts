// What strangers try: addresses inside of the machine, lies that come back under another port, nonsense, and leftovers nobody asks about.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { PlainPeer } from '../support/peers/plain-peer.ts';
import { Seeder } from '../support/peers/seeder.ts';
import { bencoded, torrentOf, type Plain } from '../support/peers/torrent-files.ts';
import { Tracker } from '../support/peers/tracker.ts';
import { noise, readAndCompare, runEngine, until } from '../sources/torrent/running-engine.ts';

const MIB = 2 ** 20;

test('trackers and web seeds inside of the machine are not asked, whoever names them and however', async (t) => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(404).end();
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const hosts = ['127.0.0.1', 'localhost', 'localhost.', '[::ffff:7f00:1]', '[::7f00:1]'];
  const trackers = [...hosts.map((host) => `http://${host}:${port}/announce`), ...(await udpTrackers(t, asked))];
  const webSeeds = hosts.map((host) => `http://${host}:${port}/web-seed`);
  const { infoHash, metainfo } = torrentOf(noise(MIB), { pieceBytes: MIB, trackers, webSeeds });
  for (const privatePeers of [false, true]) {
    await using running = runEngine({ trackers: true, webSeeds: true, privatePeers });
    using handle = running.engine.add({ infoHash, metainfo, trackers, webSeeds });
    await handle.metadata(AbortSignal.timeout(20_000));
    using _reader = handle.open(0, { profile: 'player', start: 0 });
    const isAsked = (path: string): boolean => asked.some((each) => each.startsWith(path));
    const areAsked = (): boolean => ['/announce', '/web-seed', 'udp'].every(isAsked);
    if (privatePeers) await until('all kinds are asked', areAsked);
    else await delay(1500);
    if (!privatePeers) assert.deepEqual(asked, []);
  }
});

test('a tracker that wants to be asked in a thousand years is not asked a thousand times a second', async (t) => {
  let asked = 0;
  const server = createServer((_request, response) => {
    asked += 1;
    response.end(bencoded({ interval: 2 ** 35, peers: '' }));
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const address = server.address();
  const tracker = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/announce`;
  await using running = runEngine({ trackers: true });
  using _handle = running.engine.add({ infoHash: 'b'.repeat(40), trackers: [tracker] });
  await until('it is asked', () => asked > 0);
  await delay(500);
  assert.equal(asked, 1);
});

test('forty trackers that break off in mid-answer end nothing', async (t) => {
  let asked = 0;
  const server = createServer((_request, response) => {
    asked += 1;
    response.writeHead(200, { 'Content-Length': '100' }).write('d', () => response.destroy());
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const trackers = Array.from({ length: 40 }, (_, count) => `http://127.0.0.1:${port}/${count}/announce`);
  await using running = runEngine({ trackers: true });
  using _handle = running.engine.add({ infoHash: 'c'.repeat(40), trackers });
  await until('all are asked', () => asked >= trackers.length);
  await delay(300);
  assert.doesNotMatch(running.log.join('\n'), /started again/u);
});

test('forty WebSocket trackers that say nothing in words end nothing', async () => {
  await using tracker = await Tracker.start('ws');
  tracker.says.push('null');
  const trackers = Array.from({ length: 40 }, (_, count) => `${tracker.url}/${count}`);
  await using running = runEngine({ trackers: true, webRtc: true });
  using _handle = running.engine.add({ infoHash: 'd'.repeat(40), trackers });
  const warnings = (): number => running.log.filter((line) => line.includes("reading 'action'")).length;
  await until('all have been heard', () => warnings() >= trackers.length);
  assert.doesNotMatch(running.log.join('\n'), /started again/u);
});

test('a liar that dials in is banned with all its ports', async () => {
  const content = noise(2 * MIB, 'dialled');
  const torrent = torrentOf(content, { pieceBytes: MIB });
  const wrong = Buffer.alloc(content.length, 'x');
  const port = await freePort();
  await using running = runEngine({ port });
  using handle = running.engine.add({ infoHash: torrent.infoHash, metainfo: torrent.metainfo });
  await handle.metadata(AbortSignal.timeout(20_000));
  using _reader = handle.open(0, { profile: 'player', start: 0, verifiedOnly: true });
  const lies = { infoHash: torrent.infoHash, pieceBytes: MIB, sizeBytes: content.length, content: wrong };
  await using first = PlainPeer.dial(lies, { port, from: '127.0.0.2' });
  await until('it is banned', () => handle.info.stats.bannedPeers === 1);
  await first.closed();
  await using second = PlainPeer.dial(lies, { port, from: '127.0.0.2' });
  await second.closed();
  assert.equal(second.requests, 0);
  await using honest = PlainPeer.dial({ ...lies, content }, { port, from: '127.0.0.3' });
  await until('another is welcome', () => honest.requests > 0 && handle.info.stats.verifiedPieces > 0);
});

test('what an earlier server left makes room for what is played now, asked about or not', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'raffi-torrent-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const [before, now] = [noise(12 * MIB, 'before'), noise(24 * MIB, 'now')];
  const [old, fresh] = [torrentOf(before, { pieceBytes: MIB, name: 'old' }), torrentOf(now, { pieceBytes: MIB })];
  await using seeder = await Seeder.start([
    { torrent: old, content: before },
    { torrent: fresh, content: now },
  ]);
  {
    await using running = runEngine({ keepData: true }, directory);
    using handle = running.engine.add({ infoHash: old.infoHash, peers: [seeder.address] });
    await handle.metadata(AbortSignal.timeout(20_000));
    using reader = handle.open(0, { profile: 'download', start: 0 });
    await readAndCompare(reader, before);
    await until('all pieces have passed', () => handle.info.stats.stage === 'ready');
  }
  const root = join(directory, 'raffi-torrents');
  const orphan = join(root, 'a'.repeat(40));
  mkdirSync(orphan);
  writeFileSync(join(orphan, 'data'), Buffer.alloc(MIB));
  const neighbour = join(directory, 'raffi-torrents-3');
  mkdirSync(neighbour);
  await using running = runEngine({ capBytes: 16 * MIB }, directory);
  await until('what was kept is listed', () => running.engine.find(old.infoHash)?.files?.length === 1);
  assert.ok(!existsSync(orphan) && !existsSync(neighbour));
  using handle = running.engine.add({ infoHash: fresh.infoHash, peers: [seeder.address] });
  await handle.metadata(AbortSignal.timeout(20_000));
  using reader = handle.open(0, { profile: 'player', start: 0 });
  assert.equal(await readAndCompare(reader, now), now.length);
  assert.notEqual(handle.info.stats.problem, 'disk-full');
  await until('the old one has made room', () => (running.engine.find(old.infoHash)?.stats.diskBytes ?? 0) === 0);
});

test('a node of the DHT that talks nonsense is not listened to', async (t) => {
  const node = createSocket('udp4').bind(0, '127.0.0.1');
  t.after(() => node.close());
  await once(node, 'listening');
  const bootstrap = `127.0.0.1:${node.address().port}`;
  const asked = new Promise<number>((resolve) => node.once('message', (_bytes, from) => resolve(from.port)));
  await using running = runEngine({ dht: true, dhtBootstrap: [bootstrap] });
  using _handle = running.engine.add({ infoHash: 'a'.repeat(40) });
  const port = await asked;
  const id = Buffer.alloc(20, 'n');
  const queries = [5, [5], {}, '', 'short'].flatMap((wrong): Plain[] => [
    { t: 'aa', y: 'q', q: 'find_node', a: { id, target: wrong } },
    { t: 'aa', y: 'q', q: 'get_peers', a: { id, info_hash: wrong } },
    { t: 'aa', y: 'q', q: 'announce_peer', a: { id, info_hash: id, port: 80, token: wrong } },
    { t: 'aa', y: 'r', r: { id: wrong, nodes: 5 } },
    { t: wrong, y: 'q', q: wrong, a: wrong },
    { t: 'aa', y: 'q', q: 'put', a: { id, token: wrong, v: wrong } },
  ]);
  for (const message of queries) node.send(bencoded(message), port, '127.0.0.1');
  for (const text of ['', 'd', 'd-2:', 'i5e', 'l'.repeat(2000)]) node.send(text, port, '127.0.0.1');
  const pong = new Promise<string>((resolve) => {
    node.on('message', (bytes) => bytes.includes('1:t2:zz') && resolve(bytes.toString('latin1')));
  });
  node.send(bencoded({ t: 'zz', y: 'q', q: 'ping', a: { id } }), port, '127.0.0.1');
  assert.match(await pong, /1:y1:r/u);
  assert.doesNotMatch(running.log.join('\n'), /torrent library/u);
});

/** By name and by address; what comes is noted. */
async function udpTrackers(t: TestContext, asked: string[]): Promise<string[]> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  t.after(() => socket.close());
  socket.on('message', () => asked.push('udp'));
  await once(socket, 'listening');
  const hosts = ['127.0.0.1', 'localhost', '0x7f.1', '2130706433'];
  return hosts.map((host) => `udp://${host}:${socket.address().port}/announce`);
}

async function freePort(): Promise<number> {
  const server = createTcpServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}
