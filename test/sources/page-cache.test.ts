// Pages are cut out of what the network brings, without copies: whatever the sizes of the chunks, the bytes stay the same.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { PAGE_BYTES, PageAssembler, PageCache, pageOf } from '../../src/sources/http/page-cache.ts';
import { sampleBytes } from '../servers/fault-server.ts';

const FILE = sampleBytes(7 * PAGE_BYTES + 1234);

/** Sizes of chunks: of one kind, and all kinds mixed. */
const CHUNKS = {
  tiny: [1, 7, 999],
  packets: [1448],
  reads: [65_536, 65_536, 12_000],
  mixed: [3, 70_000, 8191, 8192, 200_000, 40],
};

for (const [name, sizes] of Object.entries(CHUNKS)) {
  test(`pages of ${name} chunks are the file, from every byte on`, () => {
    const cache = new PageCache(100 * PAGE_BYTES);
    const pages: number[] = [];
    const assembler = new PageAssembler(2, FILE.length, (page, bytes) => {
      pages.push(page);
      cache.set(page, bytes);
    });
    let turn = 0;
    while (assembler.position < FILE.length) {
      const length = sizes[turn++ % sizes.length] ?? 1;
      assembler.push(FILE.slice(assembler.position, assembler.position + length));
    }
    assert.deepEqual(pages, [2, 3, 4, 5, 6, 7]);
    for (const start of [
      2 * PAGE_BYTES,
      2 * PAGE_BYTES + 1,
      3 * PAGE_BYTES - 1,
      5 * PAGE_BYTES + 8191,
      FILE.length - 1,
    ]) {
      const read: Uint8Array[] = [];
      for (let at = start; at < FILE.length; at += read.at(-1)?.length ?? 0)
        read.push(cache.run(at, PAGE_BYTES) ?? assert.fail());
      assert.ok(Buffer.concat(read).equals(FILE.subarray(start)), `from ${start}`);
    }
    assert.equal(cache.run(PAGE_BYTES, 1), undefined);
    assert.equal(pageOf(FILE.length - 1), 7);
  });
}

test('a page keeps no large buffer alive for a few bytes of it', () => {
  const kept = new Set<ArrayBufferLike>();
  const assembler = new PageAssembler(0, FILE.length, (_page, bytes) =>
    bytes.forEach(({ buffer }) => kept.add(buffer)),
  );
  // Every chunk a part of a buffer seven times as large, as where a server sends in small blocks.
  while (assembler.position < FILE.length) {
    const block = new Uint8Array(63_000);
    const bytes = FILE.subarray(assembler.position, assembler.position + 9000);
    block.set(bytes, 1000);
    assembler.push(block.subarray(1000, 1000 + bytes.length));
  }
  const keptBytes = [...kept].reduce((sum, { byteLength }) => sum + byteLength, 0);
  assert.ok(keptBytes < 1.5 * FILE.length, `${keptBytes} for ${FILE.length}`);
});
