// Which byte ranges are read together.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { neighbours } from '../../../src/media/subtitles/neighbours.ts';

const KIB = 1024;

type Span = [start: number, end: number] | undefined;

suite('groups', () => {
  const ROWS: { what: string; spans: Span[]; expected: number[] }[] = [
    { what: 'none', spans: [], expected: [] },
    { what: 'one', spans: [[5, 9]], expected: [1] },
    {
      what: 'one behind the other',
      spans: [
        [0, 10],
        [10, 20],
        [20, 30],
      ],
      expected: [3],
    },
    {
      what: 'a gap of 4 KiB',
      spans: [
        [0, 10],
        [10 + 4 * KIB, 5000],
      ],
      expected: [2],
    },
    {
      what: 'a gap of one byte more',
      spans: [
        [0, 10],
        [11 + 4 * KIB, 5000],
      ],
      expected: [1, 1],
    },
    {
      what: 'gaps are measured from the last one',
      spans: [
        [0, 10],
        [4000, 4010],
        [8000, 8010],
      ],
      expected: [3],
    },
    {
      what: '64 KiB in all',
      spans: [
        [100, 200],
        [300, 100 + 64 * KIB],
      ],
      expected: [2],
    },
    {
      what: 'one byte more',
      spans: [
        [100, 200],
        [300, 101 + 64 * KIB],
      ],
      expected: [1, 1],
    },
    {
      what: 'the size counts from the first one of the group',
      spans: [
        [0, 10],
        [10, 64 * KIB],
        [64 * KIB, 65 * KIB],
        [65 * KIB, 66 * KIB],
      ],
      expected: [2, 2],
    },
    {
      what: 'one that is larger than a read',
      spans: [
        [0, 90 * KIB],
        [90 * KIB, 91 * KIB],
      ],
      expected: [1, 1],
    },
    {
      what: 'backwards',
      spans: [
        [100, 110],
        [0, 10],
      ],
      expected: [1, 1],
    },
    {
      what: 'two that overlap',
      spans: [
        [0, 10],
        [9, 20],
      ],
      expected: [1, 1],
    },
    {
      what: 'the same one twice',
      spans: [
        [0, 10],
        [0, 10],
      ],
      expected: [1, 1],
    },
    {
      what: 'one without bytes',
      spans: [
        [0, 10],
        [10, 10],
        [10, 20],
      ],
      expected: [3],
    },
    { what: 'one without a range parts its neighbours', spans: [[0, 10], undefined, [10, 20]], expected: [1, 1, 1] },
    { what: 'none has a range', spans: [undefined, undefined], expected: [1, 1] },
  ];
  for (const { what, spans, expected } of ROWS)
    test(what, () => {
      const items = spans.map((span, number) => ({ number, range: span && { start: span[0], end: span[1] } }));
      const copies = structuredClone(items);
      const groups = [...neighbours(items, ({ range }) => range)];
      assert.deepEqual(
        groups.map(({ length }) => length),
        expected,
      );
      // In the same order, and as they were.
      assert.deepEqual(groups.flat(), copies);
    });
});
