// Chapters from a list of Nero and from a text track, both written by hand. QuickTime File Format, "Chapter lists" and "Text sample data".
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { WindowedReader } from '../../../../src/media/index/container/windowed-reader.ts';
import { readMp4Chapters } from '../../../../src/media/index/mp4/mp4-chapters.ts';
import type { Mp4Movie, Mp4Track } from '../../../../src/media/index/mp4/mp4-movie.ts';
import { CountedBytes } from '../counted-bytes.ts';
import { words } from '../mp4-synthetic.ts';
import { viewOf } from '../view-of.ts';

type Row = [start: number, end: number, title: string];

const MOVIE: Mp4Movie = {
  ticksPerSecond: 1000,
  durationSeconds: 100,
  isFragmented: false,
  tracks: [],
  neroChapters: undefined,
};

async function chaptersOf(movie: Partial<Mp4Movie>, file: Buffer = Buffer.alloc(0)): Promise<Row[]> {
  const found = await readMp4Chapters({ ...MOVIE, ...movie }, new WindowedReader(new CountedBytes(file)));
  return found.map(({ startSeconds, endSeconds, title }) => [startSeconds, endSeconds, title]);
}

/** An entry of Nero's list: ticks of 100 nanoseconds in 64 bits, a length, UTF-8. */
function nero(seconds: number, title: string | Buffer): Buffer {
  const start = Buffer.alloc(8);
  start.writeBigUInt64BE(BigInt(seconds * 1e7));
  const text = Buffer.from(title);
  return Buffer.concat([start, Buffer.of(text.length), text]);
}

suite("Nero's list", () => {
  const two = [nero(0, 'a'), nero(12.5, 'ä')];
  const both: Row[] = [
    [0, 12.5, 'a'],
    [12.5, 100, 'ä'],
  ];
  const version0 = words(0);
  const version1 = words(0x0100_0000, 0);
  const ROWS: { what: string; list: Buffer[]; movie?: Partial<Mp4Movie>; expected: Row[] }[] = [
    { what: 'version 1', list: [version1, Buffer.of(2), ...two], expected: both },
    { what: 'version 0', list: [version0, Buffer.of(2), ...two], expected: both },
    { what: 'fewer than are counted', list: [version1, Buffer.of(9), ...two], expected: both },
    { what: 'more than are counted', list: [version1, Buffer.of(1), ...two], expected: [[0, 100, 'a']] },
    {
      what: 'a length of the film that is unknown',
      list: [version1, Buffer.of(2), ...two],
      movie: { durationSeconds: undefined },
      expected: [
        [0, 12.5, 'a'],
        [12.5, 12.5, 'ä'],
      ],
    },
    { what: 'behind the end', list: [version1, Buffer.of(1), nero(200, 'a')], expected: [[200, 200, 'a']] },
    { what: 'beyond 32 bits of ticks', list: [version1, Buffer.of(1), nero(500, 'a')], expected: [[500, 500, 'a']] },
    {
      what: 'a title that is cut off',
      list: [version1, Buffer.of(1), nero(0, 'abc').subarray(0, -1)],
      expected: [[0, 100, 'ab']],
    },
    { what: 'a time that is cut off', list: [version1, Buffer.of(1), nero(0, '').subarray(0, -1)], expected: [] },
    { what: 'an empty title', list: [version1, Buffer.of(1), nero(0, '')], expected: [[0, 100, '']] },
    { what: 'no count', list: [version1], expected: [] },
    { what: 'nothing', list: [], expected: [] },
  ];
  for (const { what, list, movie, expected } of ROWS)
    test(what, async () => assert.deepEqual(await chaptersOf({ ...movie, neroChapters: viewOf(...list) }), expected));
});

/** A text sample: a length of 16 bits, then the text. */
function sample(text: Buffer, length: number = text.length): Buffer {
  return Buffer.concat([Buffer.of(length >> 8, length & 255), text]);
}

const VIDEO: Mp4Track = {
  index: 0,
  id: 1,
  isEnabled: true,
  handler: 'vide',
  ticksPerSecond: 1000,
  durationSeconds: 100,
  sampleEntry: 'avc1',
  edits: [],
  chapterTrackIds: [2],
  tables: new Map([['stts', viewOf(words(0, 1, 1, 1))]]),
};

/** Samples of 30 seconds each, one behind the other from the first byte of the file. */
function textTrack(samples: Buffer[], differs: Partial<Mp4Track> = {}): Mp4Track {
  const tables = {
    stts: words(0, 1, samples.length, 18_000),
    stsc: words(0, 1, 1, samples.length, 1),
    stsz: words(0, 0, samples.length, ...samples.map(({ length }) => length)),
    stco: words(0, 1, 0),
  };
  return {
    ...{ ...VIDEO, index: 1, id: 2, isEnabled: false, handler: 'text', ticksPerSecond: 600, chapterTrackIds: [] },
    tables: new Map(Object.entries(tables).map(([type, table]) => [type, viewOf(table)])),
    ...differs,
  };
}

suite('a text track', () => {
  const a = sample(Buffer.from('a'));
  const b = sample(Buffer.from('ä'));
  const both: Row[] = [
    [0, 30, 'a'],
    [30, 60, 'ä'],
  ];
  const utf16 = Buffer.from('feff00e4', 'hex');
  const ROWS: { what: string; samples: Buffer[]; track?: Partial<Mp4Track>; expected: Row[] }[] = [
    { what: 'of text', samples: [a, b], expected: both },
    { what: 'of subtitles', samples: [a, b], track: { handler: 'sbtl' }, expected: both },
    { what: 'of another handler', samples: [a, b], track: { handler: 'vide' }, expected: [] },
    { what: 'that no track names', samples: [a, b], track: { id: 3 }, expected: [] },
    { what: 'UTF-16, high byte first', samples: [sample(utf16)], expected: [[0, 30, 'ä']] },
    { what: 'UTF-16, low byte first', samples: [sample(utf16.swap16())], expected: [[0, 30, 'ä']] },
    { what: 'atoms behind the text', samples: [Buffer.concat([a, words(12), words(0, 0)])], expected: [[0, 30, 'a']] },
    { what: 'an empty title', samples: [sample(Buffer.alloc(0))], expected: [[0, 30, '']] },
    {
      what: 'a text longer than its sample is left out, and keeps its time',
      samples: [sample(Buffer.from('a'), 2), b],
      expected: [[30, 60, 'ä']],
    },
    {
      what: 'a text of more than 4 KiB is left out',
      samples: [sample(Buffer.alloc(4095, 'a')), sample(Buffer.alloc(4094, 'b'))],
      expected: [[30, 60, 'b'.repeat(4094)]],
    },
    { what: 'a sample of one byte', samples: [Buffer.of(0), b], expected: [[30, 60, 'ä']] },
    {
      what: 'edits that move it: times are those of the film',
      samples: [a, b],
      track: {
        edits: [
          { duration: 5000, mediaTime: -1 },
          { duration: 60_000, mediaTime: 0 },
        ],
      },
      expected: [
        [5, 35, 'a'],
        [35, 65, 'ä'],
      ],
    },
    { what: 'without times', samples: [a, b], track: { tables: new Map() }, expected: [] },
    { what: 'a thousand at most', samples: Array<Buffer>(1001).fill(a), expected: [] },
  ];
  for (const { what, samples, track, expected } of ROWS)
    test(what, async () => {
      const tracks = [VIDEO, textTrack(samples, track)];
      assert.deepEqual(await chaptersOf({ tracks }, Buffer.concat(samples)), expected);
    });

  test('the list of Nero comes first, unless it is empty or as long as it can be', async () => {
    const tracks = [VIDEO, textTrack([a, b])];
    const of = (count: number) =>
      chaptersOf(
        { tracks, neroChapters: viewOf(words(0), Buffer.of(count), ...Array<Buffer>(count).fill(nero(7, 'n'))) },
        Buffer.concat([a, b]),
      );
    assert.deepEqual(await of(1), [[7, 100, 'n']]);
    assert.equal((await of(254)).length, 254);
    assert.deepEqual(await of(255), both);
    assert.deepEqual(await of(0), both);
  });
});
