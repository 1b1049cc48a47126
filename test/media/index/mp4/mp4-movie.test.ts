// The movie box from boxes written by hand: clocks of both versions, tracks, edits, damage (ISO/IEC 14496-12 clause 8).
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { parseMovie, type Mp4Track } from '../../../../src/media/index/mp4/mp4-movie.ts';
import { box, words } from '../mp4-synthetic.ts';
import { viewOf } from '../view-of.ts';

const VERSION_1 = 0x0100_0000;
/** 1000 ticks a second, 60 seconds. */
const MVHD = box('mvhd', words(0, 0, 0, 1000, 60_000));

suite('clock', () => {
  const ROWS: {
    what: string;
    boxes: Buffer[];
    expected: [ticksPerSecond: number, seconds: number | undefined] | undefined;
  }[] = [
    { what: 'version 0', boxes: [MVHD], expected: [1000, 60] },
    {
      what: 'version 1',
      boxes: [box('mvhd', words(VERSION_1, 0, 0, 0, 0, 600, 1, 0))],
      expected: [600, 2 ** 32 / 600],
    },
    { what: 'no duration', boxes: [box('mvhd', words(0, 0, 0, 1000, 0))], expected: [1000, undefined] },
    {
      what: 'an unknown duration is all ones',
      boxes: [box('mvhd', words(0, 0, 0, 90, -1))],
      expected: [90, undefined],
    },
    {
      what: 'an unknown duration of version 1',
      boxes: [box('mvhd', words(VERSION_1, 0, 0, 0, 0, 600, -1, -1))],
      expected: [600, undefined],
    },
    { what: 'no ticks a second', boxes: [box('mvhd', words(0, 0, 0, 0, 60_000))], expected: undefined },
    { what: 'a header that is cut off', boxes: [box('mvhd', words(0, 0, 0, 1000))], expected: undefined },
    {
      what: 'a header of version 1 that is cut off',
      boxes: [box('mvhd', words(VERSION_1, 0, 0, 0, 0, 600, 0))],
      expected: undefined,
    },
    { what: 'no header', boxes: [box('udta')], expected: undefined },
    { what: 'a header behind other boxes', boxes: [box('free', words(1)), MVHD], expected: [1000, 60] },
  ];
  for (const { what, boxes, expected } of ROWS)
    test(what, () => {
      const movie = parseMovie(viewOf(...boxes));
      assert.deepEqual(movie && [movie.ticksPerSecond, movie.durationSeconds], expected);
      assert.equal(movie?.isFragmented ?? false, false);
    });
});

suite('fragments', () => {
  const ROWS: { what: string; mvex: Buffer[]; seconds: number | undefined }[] = [
    { what: 'the duration of all fragments', mvex: [box('mehd', words(0, 90_000))], seconds: 90 },
    { what: 'in 64 bits', mvex: [box('mehd', words(VERSION_1, 1, 0))], seconds: 2 ** 32 / 1000 },
    { what: 'none stated: that of the header does not count', mvex: [box('trex')], seconds: undefined },
    { what: 'zero', mvex: [box('mehd', words(0, 0))], seconds: undefined },
    { what: '64 bits that are cut off', mvex: [box('mehd', words(VERSION_1, 1))], seconds: undefined },
    { what: 'cut off', mvex: [box('mehd', words(0))], seconds: undefined },
  ];
  for (const { what, mvex, seconds } of ROWS)
    test(what, () => {
      const movie = parseMovie(viewOf(MVHD, box('mvex', ...mvex)));
      assert.deepEqual([movie?.isFragmented, movie?.durationSeconds], [true, seconds]);
    });
});

interface Shape {
  tkhd?: Buffer;
  mdhd?: Buffer[];
  hdlr?: Buffer;
  edits?: Buffer;
  chapters?: Buffer;
  tables?: Buffer;
}

function trak(shape: Shape): Buffer {
  const { tkhd = words(1, 0, 0, 5), mdhd = [box('mdhd', words(0, 0, 0, 24_000, 48_000))], edits, chapters } = shape;
  const { hdlr = Buffer.concat([words(0, 0), Buffer.from('vide')]), tables = Buffer.alloc(0) } = shape;
  return box(
    'trak',
    box('tkhd', tkhd),
    ...(edits ? [box('edts', box('elst', edits))] : []),
    ...(chapters ? [box('tref', box('chap', chapters))] : []),
    box('mdia', ...mdhd, box('hdlr', hdlr), box('minf', box('stbl', tables))),
  );
}

const STSD = box('stsd', words(0, 1, 16), Buffer.from('avc1'));

suite('tracks', () => {
  const DEFAULTS: Mp4Track = {
    index: 0,
    id: 5,
    isEnabled: true,
    handler: 'vide',
    ticksPerSecond: 24_000,
    durationSeconds: 2,
    sampleEntry: '',
    edits: [],
    chapterTrackIds: [],
    tables: new Map(),
  };
  const ROWS: { what: string; shape: Shape; differs: Partial<Mp4Track> }[] = [
    { what: 'version 0', shape: {}, differs: {} },
    { what: 'an id of version 1', shape: { tkhd: words(VERSION_1 + 1, 0, 0, 0, 0, 9) }, differs: { id: 9 } },
    { what: 'not enabled', shape: { tkhd: words(6, 0, 0, 5) }, differs: { isEnabled: false } },
    { what: 'enabled among other flags', shape: { tkhd: words(7, 0, 0, 5) }, differs: {} },
    { what: 'a header that is cut off', shape: { tkhd: words(1, 0) }, differs: { id: 0 } },
    { what: 'an empty header', shape: { tkhd: words() }, differs: { id: 0, isEnabled: false } },
    {
      what: 'a clock of version 1',
      shape: { mdhd: [box('mdhd', words(VERSION_1, 0, 0, 0, 0, 48_000, 0, 24_000))] },
      differs: { ticksPerSecond: 48_000, durationSeconds: 0.5 },
    },
    {
      what: 'no clock: that of the movie',
      shape: { mdhd: [] },
      differs: { ticksPerSecond: 1000, durationSeconds: undefined },
    },
    { what: 'a handler that is cut off', shape: { hdlr: words(0, 0) }, differs: { handler: '' } },
    { what: 'chapters', shape: { chapters: words(2, 3) }, differs: { chapterTrackIds: [2, 3] } },
    {
      what: 'chapters, the last id cut off',
      shape: { chapters: Buffer.concat([words(2), Buffer.alloc(3)]) },
      differs: { chapterTrackIds: [2] },
    },
  ];
  for (const { what, shape, differs } of ROWS)
    test(what, () => assert.deepEqual(parseMovie(viewOf(MVHD, trak(shape)))?.tracks, [{ ...DEFAULTS, ...differs }]));

  test('tracks without a header or media are left out, and counted', () => {
    const headless = box('trak', box('mdia'));
    const empty = box('trak', box('tkhd', words(1, 0, 0, 4)));
    const movie = parseMovie(viewOf(MVHD, headless, empty, trak({})));
    assert.deepEqual(movie?.tracks, [{ ...DEFAULTS, index: 2 }]);
  });
  test('the chapters of Nero', () => {
    const movie = parseMovie(viewOf(MVHD, box('udta', box('chpl', words(7)))));
    assert.equal(movie?.neroChapters?.getUint32(0), 7);
    assert.equal(parseMovie(viewOf(MVHD))?.neroChapters, undefined);
  });
});

suite('edits', () => {
  const ROWS: { what: string; elst: Buffer; expected: [duration: number, mediaTime: number][] }[] = [
    {
      what: 'an empty edit, then one of media',
      elst: words(0, 2, 500, -1, 0x10000, 60_000, 1001, 0x10000),
      expected: [
        [500, -1],
        [60_000, 1001],
      ],
    },
    {
      what: '64 bits',
      elst: words(VERSION_1, 2, 0, 500, -1, -1, 0x10000, 1, 0, 2, 7, 0x10000),
      expected: [
        [500, -1],
        [2 ** 32, 2 ** 33 + 7],
      ],
    },
    { what: 'a duration beyond 31 bits', elst: words(0, 1, -1, 0, 0x10000), expected: [[2 ** 32 - 1, 0]] },
    { what: 'fewer than are counted', elst: words(0, 3, 500, 0, 0x10000, 9), expected: [[500, 0]] },
    { what: 'more than are counted', elst: words(0, 1, 500, 0, 0x10000, 9, 9, 9), expected: [[500, 0]] },
    { what: 'none', elst: words(0, 0), expected: [] },
    { what: 'cut off', elst: words(0), expected: [] },
  ];
  for (const { what, elst, expected } of ROWS)
    test(what, () =>
      assert.deepEqual(
        parseMovie(viewOf(MVHD, trak({ edits: elst })))?.tracks[0]?.edits,
        expected.map(([duration, mediaTime]) => ({ duration, mediaTime })),
      ),
    );
});

suite('sample tables', () => {
  const group = (type: string, id: number) => box('sbgp', words(0), Buffer.from(type), words(id));
  const ROWS: { what: string; tables: Buffer[]; entry: string; expected: [type: string, last: number][] }[] = [
    {
      what: 'by type',
      tables: [STSD, box('stts', words(0, 7))],
      entry: 'avc1',
      expected: [
        ['stsd', 0x61766331],
        ['stts', 7],
      ],
    },
    {
      what: 'of two the first',
      tables: [box('stts', words(1)), box('stts', words(2))],
      entry: '',
      expected: [['stts', 1]],
    },
    {
      what: 'sample groups by their type',
      tables: [group('roll', 1), group('rap ', 2), group('rap ', 3)],
      entry: '',
      expected: [
        ['sbgp:roll', 1],
        ['sbgp:rap ', 2],
      ],
    },
    {
      what: 'one box does not fit: none of them counts',
      tables: [box('stts', words(7)), words(100), Buffer.from('stss')],
      entry: '',
      expected: [],
    },
    { what: 'no sample entry', tables: [box('stsd', words(0, 0))], entry: '', expected: [['stsd', 0]] },
  ];
  for (const { what, tables, entry, expected } of ROWS)
    test(what, () => {
      const track = parseMovie(viewOf(MVHD, trak({ tables: Buffer.concat(tables) })))?.tracks[0];
      assert.equal(track?.sampleEntry, entry);
      assert.deepEqual(
        [...(track?.tables ?? [])].map(([type, view]) => [type, view.getUint32(view.byteLength - 4)]),
        expected,
      );
    });
});
