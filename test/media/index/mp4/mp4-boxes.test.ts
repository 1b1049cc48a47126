// Box headers, children and counted tables from bytes written by hand (ISO/IEC 14496-12 clause 4.2).
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import {
  childAt,
  entryCount,
  int64,
  parseBoxes,
  parseBoxHeader,
  uint64,
} from '../../../../src/media/index/mp4/mp4-boxes.ts';
import { box, words } from '../mp4-synthetic.ts';
import { viewOf } from '../view-of.ts';

const FREE = Buffer.from('free');

function hexOf({ buffer, byteOffset, byteLength }: DataView): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('hex');
}

suite('headers', () => {
  const ROWS: { what: string; bytes: Buffer[]; expected: [header: number, size: number | undefined] | undefined }[] = [
    { what: 'a size of 32 bits', bytes: [words(24), FREE], expected: [8, 24] },
    { what: 'no payload', bytes: [words(8), FREE], expected: [8, 8] },
    { what: 'the largest size of 32 bits', bytes: [words(-1), FREE], expected: [8, 2 ** 32 - 1] },
    { what: 'to the end of the file', bytes: [words(0), FREE], expected: [8, undefined] },
    { what: 'a size of 64 bits', bytes: [words(1), FREE, words(2, 3)], expected: [16, 2 ** 33 + 3] },
    { what: 'a size of 64 bits for no payload', bytes: [words(1), FREE, words(0, 16)], expected: [16, 16] },
    { what: 'a size smaller than its header', bytes: [words(7), FREE], expected: undefined },
    { what: 'a size of 64 bits smaller than its header', bytes: [words(1), FREE, words(0, 15)], expected: undefined },
    { what: 'a size of 64 bits that is cut off', bytes: [words(1), FREE, words(0)], expected: undefined },
    { what: 'a size beyond 2^53', bytes: [words(1), FREE, words(0x200000, 0)], expected: undefined },
    { what: 'seven bytes', bytes: [words(8), FREE.subarray(0, 3)], expected: undefined },
    { what: 'nothing', bytes: [], expected: undefined },
  ];
  for (const { what, bytes, expected } of ROWS)
    test(what, () => {
      const header = expected && { type: 'free', headerBytes: expected[0], sizeBytes: expected[1] };
      assert.deepEqual(parseBoxHeader(viewOf(...bytes)), header);
    });

  test('a type of QuickTime has bytes beyond ASCII', () =>
    assert.equal(parseBoxHeader(viewOf(words(8), Buffer.of(0xa9, 0x6e, 0x61, 0x6d)))?.type, '\u00a9nam'));
});

suite('children', () => {
  const a = box('aaaa', words(1));
  const b = box('bbbb');
  const ROWS: { what: string; bytes: Buffer[]; expected: [type: string, payload: string][]; isWhole: boolean }[] = [
    {
      what: 'one behind the other',
      bytes: [a, b],
      expected: [
        ['aaaa', '00000001'],
        ['bbbb', ''],
      ],
      isWhole: true,
    },
    { what: 'none', bytes: [], expected: [], isWhole: true },
    { what: 'a zero word behind the last one', bytes: [b, words(0)], expected: [['bbbb', '']], isWhole: true },
    {
      what: 'the last one reaches to the end of its parent',
      bytes: [b, words(0), FREE, words(5, 6)],
      expected: [
        ['bbbb', ''],
        ['free', '0000000500000006'],
      ],
      isWhole: true,
    },
    {
      what: 'a size of 64 bits',
      bytes: [words(1), FREE, words(0, 20, 7), b],
      expected: [
        ['free', '00000007'],
        ['bbbb', ''],
      ],
      isWhole: true,
    },
    { what: 'one byte longer than its parent', bytes: [b, words(9), FREE], expected: [['bbbb', '']], isWhole: false },
    { what: 'an invalid size', bytes: [b, words(2), FREE, a], expected: [['bbbb', '']], isWhole: false },
  ];
  for (const { what, bytes, expected, isWhole } of ROWS)
    test(what, () => {
      const found = parseBoxes(viewOf(...bytes));
      assert.deepEqual(
        [found.boxes.map(({ type, payload }) => [type, hexOf(payload)]), found.isWhole],
        [expected, isWhole],
      );
    });

  test('a hundred thousand at most', () => {
    const { boxes, isWhole } = parseBoxes(viewOf(...Array<Buffer>(100_001).fill(b)));
    assert.deepEqual([boxes.length, isWhole], [100_000, false]);
  });
});

suite('a child at a path', () => {
  const tree = viewOf(box('aaaa', box('cccc', words(1))), box('bbbb', box('cccc', words(2)), box('cccc', words(3))));
  const ROWS: { what: string; path: string[]; expected: string | undefined }[] = [
    { what: 'a grandchild', path: ['aaaa', 'cccc'], expected: '00000001' },
    { what: 'the first of two', path: ['bbbb', 'cccc'], expected: '00000002' },
    { what: 'no such child', path: ['dddd'], expected: undefined },
    { what: 'no such parent', path: ['dddd', 'cccc'], expected: undefined },
    { what: 'a child of another parent', path: ['cccc'], expected: undefined },
  ];
  for (const { what, path, expected } of ROWS)
    test(what, () => {
      const found = childAt(tree, ...path);
      assert.equal(found && hexOf(found), expected);
    });
  test('no box to search in', () => assert.equal(childAt(undefined, 'aaaa'), undefined));
});

suite('counts of entries', () => {
  const ROWS: { what: string; payload: Buffer; entryBytes: number; countAt?: number; expected: number | undefined }[] =
    [
      { what: 'as many as there are', payload: words(0, 2, 10, 20), entryBytes: 4, expected: 2 },
      { what: 'bytes behind the last one', payload: words(0, 1, 10, 20), entryBytes: 4, expected: 1 },
      { what: 'none', payload: words(0, 0), entryBytes: 8, expected: 0 },
      { what: 'one more than there are', payload: words(0, 3, 10, 20), entryBytes: 4, expected: undefined },
      { what: 'the last one is cut off', payload: words(0, 2, 1, 1, 2), entryBytes: 8, expected: undefined },
      { what: 'so many that 32 bits would wrap', payload: words(0, 0x40000000), entryBytes: 4, expected: undefined },
      { what: 'a count at another place', payload: words(0, 9, 1, 10), entryBytes: 4, countAt: 8, expected: 1 },
      { what: 'no count', payload: words(0), entryBytes: 4, expected: undefined },
    ];
  for (const { what, payload, entryBytes, countAt, expected } of ROWS)
    test(what, () => assert.equal(entryCount(viewOf(payload), entryBytes, countAt), expected));
});

suite('64 bits', () => {
  const ROWS: { what: string; high: number; low: number; unsigned: number; signed: number }[] = [
    { what: 'one', high: 0, low: 1, unsigned: 1, signed: 1 },
    { what: 'beyond 32 bits', high: 1, low: -1, unsigned: 2 ** 33 - 1, signed: 2 ** 33 - 1 },
    { what: 'minus one', high: -1, low: -1, unsigned: 2 ** 64, signed: -1 },
    { what: 'minus 2^32', high: -1, low: 0, unsigned: 2 ** 64 - 2 ** 32, signed: -(2 ** 32) },
  ];
  for (const { what, high, low, unsigned, signed } of ROWS)
    test(what, () => {
      const view = viewOf(words(9, high, low));
      assert.deepEqual([uint64(view, 4), int64(view, 4)], [unsigned, signed]);
    });
});
