// The engine against a foreign seeder: the right bytes, those that are wanted first, and no more than is needed.
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { StreamedFile } from '../../src/sources/torrent/streamed-file.ts';
import { PlainPeer } from '../support/peers/plain-peer.ts';
import { Seeder } from '../support/peers/seeder.ts';
import { torrentOf, type MadeTorrent } from '../support/peers/torrent-files.ts';
import {
  fetchedBytes,
  noise,
  readAndCompare,
  runEngine,
  until,
  type RunningEngine,
} from '../sources/torrent/running-engine.ts';

const MIB = 2 ** 20;
const SLOW = 2 * MIB;
const CONTENT = noise(48 * MIB);
const PIECES = [1, 4, 16];

const torrents = new Map<number, MadeTorrent>();
let slow: Seeder;
let running: RunningEngine;

before(async () => {
  for (const mib of PIECES)
    torrents.set(mib, torrentOf(CONTENT, { pieceBytes: mib * MIB, name: `pieces of ${mib} MiB` }));
  running = runEngine();
  const shared = [...torrents.values()].map((torrent) => ({ torrent, content: CONTENT }));
  slow = await Seeder.start(shared, { bytesPerSecond: SLOW });
  await until('the engine is up', () => running.engine.state === 'ready');
});

after(async () => {
  await running[Symbol.asyncDispose]();
  await slow[Symbol.asyncDispose]();
});

for (const mib of PIECES) {
  test(`a seek is served before anything else (pieces of ${mib} MiB)`, async (t) => {
    const torrent = torrents.get(mib);
    assert.ok(torrent);
    using handle = running.engine.add({ infoHash: torrent.infoHash, peers: [slow.address] });
    const signal = AbortSignal.timeout(60_000);
    await handle.metadata(signal);
    using reader = handle.open(0, { profile: 'player', start: 0 });
    await readAndCompare(reader, CONTENT, { bytes: MIB, signal });
    await delay(1000);
    const sentBefore = await slow.sentBytes();
    const start = performance.now();
    reader.seek(24 * MIB + 12_345);
    await readAndCompare(reader, CONTENT, { bytes: 1, signal });
    const seekMs = performance.now() - start;
    const sent = (await slow.sentBytes()) - sentBefore;
    using tail = handle.open(0, { profile: 'probe', start: CONTENT.length - 64 * 1024 });
    const tailStart = performance.now();
    assert.equal(await readAndCompare(tail, CONTENT, { signal }), 64 * 1024);
    const tailMs = performance.now() - tailStart;
    for (let jump = 0; jump < 15; jump += 1) {
      reader.seek(((jump * 7) % 45) * MIB);
      await reader.read(Buffer.alloc(1), AbortSignal.timeout(50)).catch(() => undefined);
    }
    const stormStart = performance.now();
    reader.seek(35 * MIB + 7);
    await readAndCompare(reader, CONTENT, { bytes: 1, signal });
    const stormMs = performance.now() - stormStart;
    t.diagnostic(
      `seek ${Math.round(seekMs)} ms after ${Math.round(sent / 1024)} KiB, tail ${Math.round(tailMs)} ms, last of 15 ${Math.round(stormMs)} ms`,
    );
    assert.ok(sent <= 1.5 * MIB, `${sent} bytes were fetched before the first one wanted`);
    assert.ok(seekMs < 12_000 && tailMs < 12_000 && stormMs < 12_000, `${seekMs} ms, ${tailMs} ms, ${stormMs} ms`);
    await running.engine.remove(torrent.infoHash);
  });
}

test('a film is played to its end with hardly a byte fetched twice, and leaves nothing behind when it is removed', async () => {
  const torrent = torrents.get(1);
  assert.ok(torrent);
  await using fast = await Seeder.start([{ torrent, content: CONTENT }]);
  using handle = running.engine.add({ infoHash: torrent.infoHash, peers: [fast.address], metainfo: torrent.metainfo });
  const metadata = await handle.metadata(AbortSignal.timeout(10_000));
  assert.deepEqual(metadata.files, [
    { index: 0, path: 'pieces of 1 MiB', sizeBytes: CONTENT.length, isPadding: false, start: 0 },
  ]);
  using reader = handle.open(0, { profile: 'player', start: 0 });
  assert.equal(await readAndCompare(reader, CONTENT), CONTENT.length);
  await until('all pieces have passed', () => handle.info.stats.stage === 'ready');
  assert.ok(fetchedBytes(handle) <= CONTENT.length * 1.1, `${fetchedBytes(handle)} bytes were fetched`);
  const presence = handle.presence(0, { start: 0, end: CONTENT.length });
  assert.deepEqual([presence.presentBytes, presence.verifiedBytes], [CONTENT.length, CONTENT.length]);
  const waiting = handle.open(0, { profile: 'player', start: 0 });
  const directory = join(running.directory, 'raffi-torrents', torrent.infoHash);
  assert.ok(existsSync(directory));
  assert.equal(await running.engine.remove(torrent.infoHash), true);
  await assert.rejects(waiting.read(Buffer.alloc(1), AbortSignal.timeout(1000)), { code: 'SOURCE_NOT_FOUND' });
  assert.ok(!existsSync(directory));
  assert.equal(running.engine.find(torrent.infoHash), undefined);
  assert.equal(await running.engine.remove(torrent.infoHash), false);
});

test('a piece that is missing in the middle holds up only what follows it, until another peer has it', async () => {
  const content = noise(8 * MIB, 'a gap');
  const torrent = torrentOf(content, { pieceBytes: MIB });
  const signal = AbortSignal.timeout(60_000);
  const add = (peers: string[]) => running.engine.add({ infoHash: torrent.infoHash, peers });
  let file: StreamedFile;
  {
    await using first = await Seeder.start([{ torrent, content }]);
    const handle = add([first.address]);
    const [shared] = (await handle.metadata(signal)).files;
    assert.ok(shared);
    file = new StreamedFile(handle, shared);
    for (const range of [
      { start: 0, end: 3 * MIB },
      { start: 5 * MIB, end: 8 * MIB },
    ])
      assert.ok((await bytesOf(file, range)).equals(content.subarray(range.start, range.end)));
  }
  using _file = file;
  using parts = await file.open({ start: 0, end: content.length, isProbe: false }, signal);
  const bytes = Buffer.alloc(content.length);
  let filled = 0;
  while (filled < 3 * MIB) filled += await parts.read(bytes.subarray(filled, filled + 256 * 1024));
  assert.ok(filled < 5 * MIB);
  const waiting = parts.read(bytes.subarray(filled));
  assert.equal(await Promise.race([waiting, delay(300)]), undefined);
  await using second = await Seeder.start([{ torrent, content }]);
  using _handle = add([second.address]);
  filled += await waiting;
  while (filled < content.length) filled += await parts.read(bytes.subarray(filled, filled + 256 * 1024));
  assert.ok(bytes.equals(content));
});

async function bytesOf(file: StreamedFile, range: { start: number; end: number }): Promise<Buffer> {
  using parts = await file.open({ ...range, isProbe: false }, AbortSignal.timeout(30_000));
  const bytes = Buffer.alloc(range.end - range.start);
  for (let filled = 0, read = 1; read > 0; filled += read) read = await parts.read(bytes.subarray(filled));
  return bytes;
}

test('one byte asked for is one byte given, and a mebibyte fetched at most', async () => {
  const content = noise(8 * MIB, 'one byte');
  const torrent = torrentOf(content, { pieceBytes: MIB });
  await using fast = await Seeder.start([{ torrent, content }]);
  using handle = running.engine.add({ infoHash: torrent.infoHash, peers: [fast.address] });
  const signal = AbortSignal.timeout(20_000);
  await handle.metadata(signal);
  using reader = handle.open(0, { profile: 'player', start: 3 * MIB, end: 3 * MIB + 1 });
  const buffer = Buffer.alloc(100);
  assert.deepEqual([await reader.read(buffer, signal), buffer[0]], [1, content[3 * MIB]]);
  assert.equal(await reader.read(buffer, signal), 0);
  await delay(600);
  assert.ok(fetchedBytes(handle) <= MIB, `${fetchedBytes(handle)} bytes were fetched`);
});

test('a reader that is given up leaves nothing waiting in the engine', async () => {
  const content = noise(4 * MIB, 'nobody has it');
  const torrent = torrentOf(content, { pieceBytes: MIB });
  using handle = running.engine.add({ infoHash: torrent.infoHash, metainfo: torrent.metainfo });
  await handle.metadata(AbortSignal.timeout(10_000));
  for (let round = 0; round < 40; round += 1) {
    using reader = handle.open(0, { profile: 'player', start: round });
    await assert.rejects(reader.read(Buffer.alloc(10), AbortSignal.timeout(5)), { name: 'TimeoutError' });
  }
  await until(
    'the engine has no reader',
    () => handle.info.stats.readers === 0 && handle.info.stats.problem === 'no-peers',
  );
});

test('a torrent that no peer tells of plays as soon as its file is handed in', async () => {
  const content = noise(MIB, 'handed in');
  const torrent = torrentOf(content, { pieceBytes: MIB });
  const parts = { infoHash: torrent.infoHash, pieceBytes: MIB, sizeBytes: MIB };
  await using silent = await PlainPeer.listen({ ...parts, content });
  using handle = running.engine.add({ infoHash: torrent.infoHash, peers: [silent.address] });
  await until('the peer is met', () => handle.info.stats.peers === 1);
  assert.equal(handle.info.files, undefined);
  using _again = running.engine.add({ infoHash: torrent.infoHash, metainfo: torrent.metainfo });
  await handle.metadata(AbortSignal.timeout(10_000));
  using reader = handle.open(0, { profile: 'player', start: 0 });
  assert.equal(await readAndCompare(reader, content, { signal: AbortSignal.timeout(20_000) }), MIB);
});

test('when the engine ends, its directory and its ports go with it', async () => {
  const short = runEngine();
  await until('the engine is up', () => short.engine.state === 'ready');
  const { pid } = short.engine;
  assert.ok(pid !== undefined && existsSync(`/proc/${pid}`));
  await short.engine[Symbol.asyncDispose]();
  assert.ok(!existsSync(`/proc/${pid}`));
  assert.deepEqual(readdirSync(short.directory), []);
  await short[Symbol.asyncDispose]();
});
