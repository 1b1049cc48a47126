// Pieces of every length that BEP 3 allows: the last block of each is as short as it has to be.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Seeder } from '../support/peers/seeder.ts';
import { torrentOf } from '../support/peers/torrent-files.ts';
import { fetchedBytes, noise, readAndCompare, runEngine, until } from '../sources/torrent/running-engine.ts';

/** Ends inside of a block for every one of the lengths. */
const CONTENT = noise(5_000_123, 'odd pieces');
const LENGTHS = [1024, 8192, 10_000, 25_344, 270_544, 827_392, 1_000_000, 4_192_256];

test('pieces of any length come from a foreign client, in order and across the borders of pieces', async () => {
  const torrents = LENGTHS.map((pieceBytes) => torrentOf(CONTENT, { pieceBytes, name: `of ${pieceBytes}` }));
  await using seeder = await Seeder.start(torrents.map((torrent) => ({ torrent, content: CONTENT })));
  await using running = runEngine();
  for (const [index, { infoHash }] of torrents.entries()) {
    using handle = running.engine.add({ infoHash, peers: [seeder.address] });
    const signal = AbortSignal.timeout(60_000);
    const { pieceBytes, pieceCount } = await handle.metadata(signal);
    assert.deepEqual([pieceBytes, pieceCount], [LENGTHS[index], Math.ceil(CONTENT.length / pieceBytes)]);
    const start = Math.floor(pieceCount / 2) * pieceBytes - 3;
    using middle = handle.open(0, { profile: 'probe', start, end: start + 7 });
    assert.equal(await readAndCompare(middle, CONTENT, { signal }), 7, `${pieceBytes}`);
    using reader = handle.open(0, { profile: 'download', start: 0, verifiedOnly: true });
    assert.equal(await readAndCompare(reader, CONTENT, { signal }), CONTENT.length, `${pieceBytes}`);
  }
});

test('of a few bytes that have to be checked the whole piece is fetched, and no more', async () => {
  const pieceBytes = 1_000_000;
  const torrent = torrentOf(CONTENT, { pieceBytes });
  await using seeder = await Seeder.start([{ torrent, content: CONTENT }]);
  await using running = runEngine();
  using handle = running.engine.add({ infoHash: torrent.infoHash, peers: [seeder.address] });
  const signal = AbortSignal.timeout(60_000);
  await handle.metadata(signal);
  using reader = handle.open(0, { profile: 'probe', start: 2_500_000, end: 2_500_007, verifiedOnly: true });
  assert.equal(await readAndCompare(reader, CONTENT, { signal }), 7);
  assert.equal(fetchedBytes(handle) <= pieceBytes, true, `${fetchedBytes(handle)} bytes`);
});

test('what of a file is on the disk is told to the byte', async () => {
  const pieceBytes = 25_344;
  const torrent = torrentOf(CONTENT, { pieceBytes });
  await using seeder = await Seeder.start([{ torrent, content: CONTENT }]);
  await using running = runEngine();
  using handle = running.engine.add({ infoHash: torrent.infoHash, peers: [seeder.address] });
  const signal = AbortSignal.timeout(60_000);
  await handle.metadata(signal);
  using reader = handle.open(0, { profile: 'download', start: 0 });
  await readAndCompare(reader, CONTENT, { signal });
  const range = { start: 5, end: CONTENT.length - 3 };
  await until('all is checked', () => handle.presence(0, range).verifiedBytes === CONTENT.length - 8);
  assert.deepEqual(handle.presence(0, range), {
    presentBytes: CONTENT.length - 8,
    verifiedBytes: CONTENT.length - 8,
    pieces: Math.ceil(CONTENT.length / pieceBytes),
    verifiedPieces: Math.ceil(CONTENT.length / pieceBytes),
  });
  await until('the size on the disk is told', () => handle.info.stats.diskBytes === CONTENT.length);
});
