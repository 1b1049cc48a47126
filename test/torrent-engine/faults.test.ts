// What goes wrong with peers, disks and processes, and what a reader notices of it: nothing, or the truth.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  statfsSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { PlainPeer } from '../support/peers/plain-peer.ts';
import { Seeder } from '../support/peers/seeder.ts';
import { torrentOf } from '../support/peers/torrent-files.ts';
import { fetchedBytes, noise, readAndCompare, runEngine, until } from '../sources/torrent/running-engine.ts';

const MIB = 2 ** 20;
const SLOW = 4 * MIB;
const SIZES = ({ length }: Uint8Array) => ({ pieceBytes: MIB, sizeBytes: length });

test('a peer that sends wrong bytes is found out after two pieces at most, and the reader gets the right ones', async (t) => {
  const content = noise(24 * MIB, 'two peers');
  const torrent = torrentOf(content, { pieceBytes: MIB });
  const wrong = Buffer.from(content);
  for (let at = 0; at < wrong.length; at += 64 * 1024) wrong[at + 100] = 0x55 ^ (wrong[at + 100] ?? 0);
  await using good = await Seeder.start([{ torrent, content }], { bytesPerSecond: SLOW });
  await using bad = await PlainPeer.listen({ ...torrent, ...SIZES(content), content: wrong, bytesPerSecond: SLOW });
  await using running = runEngine();
  using handle = running.engine.add({
    infoHash: torrent.infoHash,
    peers: [bad.address, good.address],
    metainfo: torrent.metainfo,
  });
  await handle.metadata(AbortSignal.timeout(20_000));
  using reader = handle.open(0, { profile: 'player', start: 0, verifiedOnly: true });
  await readAndCompare(reader, content);
  await until('the peer is banned', () => handle.info.stats.bannedPeers === 1);
  const { badPieces } = handle.info.stats;
  t.diagnostic(`${badPieces} bad pieces, ${Math.round(fetchedBytes(handle) / MIB)} MiB fetched of 24`);
  assert.ok(badPieces >= 1 && badPieces <= 2, `${badPieces} pieces were bad`);
});

test('a reader that was given wrong bytes before they were checked is told so, and never reads on', async () => {
  const content = noise(4 * MIB, 'one bad peer');
  const torrent = torrentOf(content, { pieceBytes: MIB });
  const wrong = Buffer.from(content);
  wrong[MIB - 1] = 0x55 ^ (wrong[MIB - 1] ?? 0);
  await using bad = await PlainPeer.listen({ ...torrent, ...SIZES(content), content: wrong, bytesPerSecond: MIB });
  await using running = runEngine();
  using handle = running.engine.add({ infoHash: torrent.infoHash, peers: [bad.address], metainfo: torrent.metainfo });
  await handle.metadata(AbortSignal.timeout(20_000));
  const events: unknown[] = [];
  using _watch = handle.watch((event) => event.type === 'bad-data' && events.push(event));
  using reader = handle.open(0, { profile: 'player', start: 0 });
  const signal = AbortSignal.timeout(20_000);
  await assert.rejects(
    async () => {
      while ((await reader.read(Buffer.alloc(16 * 1024), signal)) > 0);
    },
    { code: 'SOURCE_CHANGED' },
  );
  assert.deepEqual(events, [{ type: 'bad-data', fileIndex: 0, range: { start: 0, end: MIB } }]);
});

test('peers that never answer hold nobody up once there is one that does', async (t) => {
  const content = noise(12 * MIB, 'mute');
  const torrent = torrentOf(content, { pieceBytes: MIB });
  await using good = await Seeder.start([{ torrent, content }], { bytesPerSecond: SLOW });
  const silence = { ...torrent, ...SIZES(content), content: undefined };
  await using mute = await PlainPeer.listen(silence);
  await using mute2 = await PlainPeer.listen(silence);
  await using mute3 = await PlainPeer.listen(silence);
  await using running = runEngine();
  using handle = running.engine.add({
    infoHash: torrent.infoHash,
    peers: [mute, mute2, mute3].map(({ address }) => address),
    metainfo: torrent.metainfo,
  });
  await handle.metadata(AbortSignal.timeout(20_000));
  using reader = handle.open(0, { profile: 'player', start: 0 });
  const first = reader.read(Buffer.alloc(1000), AbortSignal.timeout(30_000));
  await until('the mute peers are asked', () => mute.requests + mute2.requests + mute3.requests > 0);
  await delay(1500);
  const start = performance.now();
  using _again = running.engine.add({ infoHash: torrent.infoHash, peers: [good.address] });
  assert.equal(await first, 1000);
  const firstMs = performance.now() - start;
  let longestMs = 0;
  for (let last = performance.now(); ; last = performance.now()) {
    if ((await readAndCompare(reader, content, { bytes: 256 * 1024 })) === 0) break;
    longestMs = Math.max(longestMs, performance.now() - last);
  }
  t.diagnostic(
    `first byte after ${Math.round(firstMs)} ms with the good one, then ${Math.round(longestMs)} ms at most`,
  );
  assert.ok(firstMs < 20_000, `${firstMs} ms`);
  assert.ok(longestMs < 12_000, `a wait of ${longestMs} ms`);
});

test('the disk never takes more than the cap while a larger film is played, and what went is fetched again', async (t) => {
  const content = noise(96 * MIB, 'larger than the cap');
  const torrent = torrentOf(content, { pieceBytes: MIB });
  await using seeder = await Seeder.start([{ torrent, content }]);
  await using running = runEngine({ capBytes: 32 * MIB });
  using handle = running.engine.add({
    infoHash: torrent.infoHash,
    peers: [seeder.address],
    metainfo: torrent.metainfo,
  });
  await handle.metadata(AbortSignal.timeout(20_000));
  const data = join(running.directory, 'raffi-torrents', torrent.infoHash, 'data');
  let most = 0;
  const onDisk = (): number => (statSync(data, { throwIfNoEntry: false })?.blocks ?? 0) * 512;
  const measure = setInterval(() => (most = Math.max(most, onDisk())), 20);
  t.after(() => clearInterval(measure));
  using reader = handle.open(0, { profile: 'player', start: 0 });
  assert.equal(await readAndCompare(reader, content), content.length);
  const before = fetchedBytes(handle);
  reader.seek(10 * MIB);
  await readAndCompare(reader, content, { bytes: 2 * MIB });
  clearInterval(measure);
  t.diagnostic(`${Math.round(most / MIB)} MiB on the disk at most`);
  assert.ok(most > 0 && most <= 48 * MIB, `${most} bytes were on the disk`);
  await until('what went was fetched again', () => fetchedBytes(handle) > before);
});

test('a killed engine is replaced, and the reader goes on where it was', async (t) => {
  const content = noise(16 * MIB, 'killed');
  const torrent = torrentOf(content, { pieceBytes: MIB });
  await using seeder = await Seeder.start([{ torrent, content }], { bytesPerSecond: 8 * MIB });
  await using running = runEngine();
  using handle = running.engine.add({ infoHash: torrent.infoHash, peers: [seeder.address] });
  await handle.metadata(AbortSignal.timeout(20_000));
  using reader = handle.open(0, { profile: 'player', start: 0 });
  await readAndCompare(reader, content, { bytes: 6 * MIB });
  const { pid } = running.engine;
  assert.ok(pid !== undefined);
  process.kill(pid, 'SIGKILL');
  await until('the loss is noticed', () => handle.info.stats.problem === 'engine-down' || running.engine.pid !== pid);
  const start = performance.now();
  assert.equal(await readAndCompare(reader, content), 10 * MIB);
  t.diagnostic(`read on and to the end ${Math.round(performance.now() - start)} ms after the kill`);
  assert.notEqual(running.engine.pid, pid);
});

test('after a restart what was there is there again, and a byte that changed on the disk is found before it is given out', async (t) => {
  const content = noise(24 * MIB, 'kept');
  const torrent = torrentOf(content, { pieceBytes: MIB });
  const directory = mkdtempSync(join(tmpdir(), 'raffi-torrent-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  {
    await using seeder = await Seeder.start([{ torrent, content }]);
    await using running = runEngine({ keepData: true }, directory);
    using handle = running.engine.add({ infoHash: torrent.infoHash, peers: [seeder.address] });
    await handle.metadata(AbortSignal.timeout(20_000));
    using reader = handle.open(0, { profile: 'download', start: 0 });
    await readAndCompare(reader, content);
    await until('all pieces have passed', () => handle.info.stats.stage === 'ready');
    await delay(1200);
    // As when the power goes: nothing is said goodbye to.
    const { pid } = running.engine;
    assert.ok(pid !== undefined);
    process.kill(pid, 'SIGKILL');
  }
  const data = openSync(join(directory, 'raffi-torrents', torrent.infoHash, 'data'), 'r+');
  const byte = Buffer.alloc(1);
  readSync(data, byte, 0, 1, 5 * MIB + 77);
  writeSync(data, Buffer.from([byte.readUInt8(0) ^ 0xff]), 0, 1, 5 * MIB + 77);
  closeSync(data);
  await using running = runEngine({}, directory);
  const start = performance.now();
  using handle = running.engine.add({ infoHash: torrent.infoHash });
  const metadata = await handle.metadata(AbortSignal.timeout(20_000));
  assert.equal(metadata.name, 'film');
  const here = () => handle.presence(0, { start: 0, end: content.length }).presentBytes;
  assert.equal(here(), content.length, 'the progress is there before anything has been checked');
  await until('progress is known', () => handle.info.stats.verifiedPieces >= 23);
  using reader = handle.open(0, { profile: 'player', start: 0, end: 8 * MIB });
  assert.equal(await readAndCompare(reader, content, { bytes: 5 * MIB }), 5 * MIB);
  t.diagnostic(`5 MiB read ${Math.round(performance.now() - start)} ms after the start, process and all`);
  await assert.rejects(reader.read(Buffer.alloc(1), AbortSignal.timeout(700)), { name: 'TimeoutError' });
  assert.equal(here(), content.length - MIB);
  await using seeder = await Seeder.start([{ torrent, content }]);
  using _again = running.engine.add({ infoHash: torrent.infoHash, peers: [seeder.address] });
  assert.equal(await readAndCompare(reader, content), 3 * MIB);
  await until('the one piece is counted', () => fetchedBytes(handle) >= MIB);
  assert.equal(fetchedBytes(handle), MIB);
});

test('a full disk only makes readers wait, they go on when there is room, and a removal makes it', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'raffi-torrent-'));
  t.after(() => {
    spawnSync('umount', ['-l', directory]);
    rmSync(directory, { recursive: true, force: true });
  });
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', directory]);
  if (mounted.status !== 0) return t.skip('a file system cannot be mounted here');
  const ballast = join(directory, 'ballast');
  writeFileSync(ballast, Buffer.alloc(60 * MIB));
  const content = noise(32 * MIB, 'full disk');
  const torrent = torrentOf(content, { pieceBytes: MIB });
  const other = torrentOf(content, { pieceBytes: MIB, name: 'another' });
  await using seeder = await Seeder.start([torrent, other].map((each) => ({ torrent: each, content })));
  await using running = runEngine({ capBytes: 200 * MIB, minFreeBytes: 0 }, directory);
  using handle = running.engine.add({ infoHash: torrent.infoHash, peers: [seeder.address] });
  await handle.metadata(AbortSignal.timeout(20_000));
  const free = () => statfsSync(directory).bavail * statfsSync(directory).bsize;
  const freeAtFirst = free();
  using first = handle.open(0, { profile: 'player', start: 0 });
  const reading = readAndCompare(first, content);
  reading.catch(() => undefined);
  await until('the disk is full', () => handle.info.stats.problem === 'disk-full');
  assert.equal(handle.info.stats.error, undefined);
  await until('what was asked for is written', () => free() < freeAtFirst - MIB);
  assert.equal(await running.engine.remove(torrent.infoHash), true);
  await assert.rejects(reading, { code: 'SOURCE_NOT_FOUND' });
  assert.ok(free() > freeAtFirst - MIB, 'the removal made no room');
  using again = running.engine.add({ infoHash: other.infoHash, peers: [seeder.address] });
  await again.metadata(AbortSignal.timeout(20_000));
  using reader = again.open(0, { profile: 'player', start: 0 });
  const playing = readAndCompare(reader, content);
  await until('it is full again', () => again.info.stats.problem === 'disk-full');
  rmSync(ballast);
  assert.equal(await playing, content.length);
  assert.equal(running.engine.state, 'ready');
});
