// Pages are put together from what the network brings: whatever the sizes of the chunks, the bytes stay the same, also those that
// somebody still holds when there is no room for them any more.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { BLOCK_BYTES, BlockMemory } from '../../../src/sources/http/ranged/block-memory.ts';
import { PAGE_BYTES, PageCache, pageOf } from '../../../src/sources/http/ranged/page-cache.ts';
import { sampleBytes } from '../../support/servers/fault-server.ts';

const FILE = sampleBytes(27 * PAGE_BYTES + 1234);

/** Sizes of chunks: of one kind, and all kinds mixed. */
const CHUNKS = {
  tiny: [1, 7, 999],
  packets: [1448],
  reads: [65_536, 65_536, 12_000],
  mixed: [3, 70_000, 8191, 8192, 300_000, 40],
};

for (const [name, sizes] of Object.entries(CHUNKS)) {
  test(`pages of ${name} chunks are the file, from every byte on`, () => {
    const cache = cacheOf(FILE.length, 100);
    const pages: number[] = [];
    using writer = cache.writer(2, FILE.length, (page) => pages.push(page));
    let turn = 0;
    while (writer.position < FILE.length) {
      const length = sizes[turn++ % sizes.length] ?? 1;
      writer.push(FILE.slice(writer.position, writer.position + length));
    }
    assert.deepEqual(
      pages,
      Array.from({ length: 26 }, (_, index) => index + 2),
    );
    for (const start of [
      2 * PAGE_BYTES,
      2 * PAGE_BYTES + 1,
      3 * PAGE_BYTES - 1,
      15 * PAGE_BYTES + 8191,
      FILE.length - 1,
    ]) {
      const read: Uint8Array[] = [];
      for (let at = start; at < FILE.length; at += read.at(-1)?.length ?? 0) read.push(copyFrom(cache, at));
      assert.ok(Buffer.concat(read).equals(FILE.subarray(start)), `from ${start}`);
      assert.equal(cache.bufferedUntil(start), FILE.length);
    }
    assert.equal(cache.borrow(PAGE_BYTES), undefined);
    assert.equal(cache.bufferedUntil(PAGE_BYTES + 5), PAGE_BYTES + 5);
    assert.equal(pageOf(FILE.length - 1), 27);
  });
}

test('bytes that somebody holds stay as they are while everything else is replaced, and their memory is not used before they are given back', () => {
  const blocks = 60;
  const content = sampleBytes(blocks * BLOCK_BYTES);
  const memory = new BlockMemory();
  const cache = new PageCache({ sizeBytes: content.length, maxBytes: 16 * BLOCK_BYTES, memory });
  using writer = cache.writer(0, content.length, () => {});
  const held = [];
  for (let block = 0; block < blocks; block += 1) {
    writer.push(content.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES));
    if (block % 7 === 0)
      held.push({ start: block * BLOCK_BYTES + 99, borrowed: cache.borrowed(block * BLOCK_BYTES + 99) });
  }
  for (const { start, borrowed } of held) {
    assert.ok(Buffer.from(borrowed.bytes).equals(content.subarray(start, start + borrowed.bytes.length)), `${start}`);
  }
  cache.clear();
  const taken = new Set(Array.from({ length: 100 }, () => memory.take().buffer));
  for (const { borrowed } of held) {
    assert.ok(!taken.has(borrowed.bytes.buffer));
    borrowed[Symbol.dispose]();
  }
  const given = new Set(Array.from({ length: held.length }, () => memory.take().buffer));
  for (const { borrowed } of held) assert.ok(given.has(borrowed.bytes.buffer));
});

function cacheOf(sizeBytes: number, blocks: number): PageCache {
  return new PageCache({ sizeBytes, maxBytes: blocks * BLOCK_BYTES, memory: new BlockMemory() });
}

function copyFrom(cache: PageCache, start: number): Uint8Array {
  using borrowed = cache.borrowed(start);
  return Uint8Array.from(borrowed.bytes);
}
