// Times, sync samples and byte ranges from sample tables written by hand (ISO/IEC 14496-12 clauses 8.6 and 8.7).
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import {
  bytesBefore,
  rangesOfSamples,
  sampleRanges,
  samplesWithin,
} from '../../../../src/media/index/mp4/mp4-sample-ranges.ts';
import { sampleCount, sampleTimes, syncSamples } from '../../../../src/media/index/mp4/mp4-sample-times.ts';

/** A full box's payload: version and flags, then 32-bit numbers. */
function words(...numbers: number[]): DataView {
  const view = new DataView(new ArrayBuffer(4 + numbers.length * 4));
  for (const [at, number] of numbers.entries()) view.setInt32(4 + at * 4, number | 0);
  return view;
}

/** `stsz` with one size for each sample. */
function sizes(...bytes: number[]): DataView {
  return words(0, bytes.length, ...bytes);
}

/** `stz2` with fields of `bits`, packed by the caller into `fields`. */
function compactSizes(bits: number, count: number, fields: number[]): DataView {
  return new DataView(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, bits, 0, 0, 0, count, ...fields).buffer);
}

function tables(entries: Record<string, DataView>): Map<string, DataView> {
  return new Map(Object.entries(entries));
}

suite('sample count', () => {
  const ROWS: { what: string; tables: Record<string, DataView>; expected: number | undefined }[] = [
    { what: 'sizes one by one', tables: { stsz: sizes(5, 6, 7) }, expected: 3 },
    { what: 'one size for all, as far as the file reaches', tables: { stsz: words(100, 10) }, expected: 10 },
    { what: 'one size for more samples than the file can hold', tables: { stsz: words(100, 11) }, expected: undefined },
    { what: 'a table cut short', tables: { stsz: words(0, 4, 5, 6) }, expected: undefined },
    { what: 'compact sizes of four bits', tables: { stz2: compactSizes(4, 2, [0x56]) }, expected: 2 },
    {
      what: 'compact sizes of a width that does not exist',
      tables: { stz2: compactSizes(5, 1, [0]) },
      expected: undefined,
    },
    { what: 'no table', tables: {}, expected: undefined },
  ];
  for (const row of ROWS) test(row.what, () => assert.equal(sampleCount(tables(row.tables), 1000), row.expected));
});

suite('sample times', () => {
  const stsz = sizes(1, 1, 1, 1);
  const ROWS: {
    what: string;
    tables: Record<string, DataView>;
    decode: number[];
    composition: number[];
    constantDuration: number | undefined;
  }[] = [
    {
      what: 'one duration',
      tables: { stts: words(1, 4, 10) },
      decode: [0, 10, 20, 30, 40],
      composition: [0, 10, 20, 30],
      constantDuration: 10,
    },
    {
      what: 'the last sample alone has another duration',
      tables: { stts: words(2, 3, 10, 1, 4) },
      decode: [0, 10, 20, 30, 34],
      composition: [0, 10, 20, 30],
      constantDuration: 10,
    },
    {
      what: 'durations differ',
      tables: { stts: words(2, 1, 10, 3, 20) },
      decode: [0, 10, 30, 50, 70],
      composition: [0, 10, 30, 50],
      constantDuration: undefined,
    },
    {
      what: 'the table ends early: its last duration is repeated',
      tables: { stts: words(1, 2, 10) },
      decode: [0, 10, 20, 30, 40],
      composition: [0, 10, 20, 30],
      constantDuration: 10,
    },
    {
      what: 'offsets reorder the samples',
      tables: { stts: words(1, 4, 10), ctts: words(4, 1, 10, 1, 30, 1, 0, 1, 0) },
      decode: [0, 10, 20, 30, 40],
      composition: [10, 40, 20, 30],
      constantDuration: 10,
    },
    {
      what: 'negative offsets',
      tables: { stts: words(1, 4, 10), ctts: words(2, 1, 0, 3, -5) },
      decode: [0, 10, 20, 30, 40],
      composition: [0, 5, 15, 25],
      constantDuration: 10,
    },
  ];
  for (const { what, tables: own, decode, composition, constantDuration } of ROWS)
    test(what, () => {
      const times = sampleTimes(tables({ stsz, ...own }), undefined);
      assert.deepEqual([...(times?.decode ?? [])], decode);
      assert.deepEqual([...(times?.composition ?? [])], composition);
      assert.equal(times?.constantDuration, constantDuration);
      assert.equal(times?.hasOffsets, 'ctts' in own);
    });

  test('a duration that is a negative number makes the table unusable', () =>
    assert.equal(sampleTimes(tables({ stsz, stts: words(1, 4, -1) }), undefined), undefined));
});

suite('sync samples', () => {
  const ROWS: { what: string; tables: Record<string, DataView>; expected: number[] | undefined }[] = [
    { what: 'without a table every sample is one', tables: {}, expected: [1, 1, 1, 1, 1] },
    { what: 'numbered from 1', tables: { stss: words(2, 1, 4) }, expected: [1, 0, 0, 1, 0] },
    { what: 'numbered from 0, by some writers', tables: { stss: words(2, 0, 3) }, expected: [1, 0, 0, 1, 0] },
    { what: 'an empty table: the first alone', tables: { stss: words(0) }, expected: [1, 0, 0, 0, 0] },
    { what: 'a number beyond the samples', tables: { stss: words(2, 1, 6) }, expected: [1, 0, 0, 0, 0] },
    {
      what: 'partial sync samples of QuickTime',
      tables: { stss: words(1, 1), stps: words(1, 3) },
      expected: [1, 0, 1, 0, 0],
    },
    {
      what: 'random access points of a sample group',
      tables: { stss: words(1, 1), 'sbgp:rap ': words(0, 3, 2, 0, 2, 1, 1, 0) },
      expected: [1, 0, 1, 1, 0],
    },
    { what: 'a table cut short', tables: { stss: words(3, 1) }, expected: undefined },
  ];
  for (const row of ROWS)
    test(row.what, () => {
      const found = syncSamples(tables(row.tables), 5);
      assert.deepEqual(found && [...found], row.expected);
    });
});

suite('sample ranges', () => {
  // Chunks of 2, 2 and 1 samples at 100, 200 and 300.
  const chunked = { stsc: words(2, 1, 2, 1, 3, 1, 1), stco: words(3, 100, 200, 300), stsz: sizes(10, 20, 30, 40, 50) };
  const all = [
    { start: 100, end: 110 },
    { start: 110, end: 130 },
    { start: 200, end: 230 },
    { start: 230, end: 270 },
    { start: 300, end: 350 },
  ];

  test('samples follow each other in a chunk', () => assert.deepEqual(sampleRanges(tables(chunked), 99), all));
  test('as many as are asked for', () => assert.deepEqual(sampleRanges(tables(chunked), 3), all.slice(0, 3)));
  test('offsets of 64 bits', () =>
    assert.deepEqual(sampleRanges(tables({ stsc: words(1, 1, 1, 1), co64: words(1, 1, 5), stsz: sizes(7) }), 1), [
      { start: 2 ** 32 + 5, end: 2 ** 32 + 12 },
    ]));
  test('compact sizes of four bits, the high half first', () =>
    assert.deepEqual(
      sampleRanges(tables({ stsc: words(1, 1, 3, 1), stco: words(1, 0), stz2: compactSizes(4, 3, [0x12, 0x30]) }), 9),
      [
        { start: 0, end: 1 },
        { start: 1, end: 3 },
        { start: 3, end: 6 },
      ],
    ));
  test('more samples than chunks: those that have a place', () =>
    assert.deepEqual(sampleRanges(tables({ ...chunked, stco: words(1, 100) }), 99), all.slice(0, 2)));
  test('samples by number', () =>
    assert.deepEqual(rangesOfSamples(tables(chunked), [4, 0, 9]), [all[4], all[0], undefined]));
  test('bytes between samples', () => assert.deepEqual(bytesBefore(tables(chunked), [1, 3], 5), [0, 50, 140]));
  test('samples of a file that is cut off', () => {
    assert.equal(samplesWithin(tables(chunked), 269), 3);
    assert.equal(samplesWithin(tables(chunked), 350), 5);
  });
});
