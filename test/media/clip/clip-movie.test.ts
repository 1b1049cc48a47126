// The head of a clip: its sample tables, edits and sizes, worked out by hand (ISO/IEC 14496-12 clauses 8.6 and 8.7).
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { clipHead, headBytes, type ClipMovie, type ClipTrack } from '../../../src/media/clip/clip-movie.ts';
import { boxAt, findBox, parseBoxes } from '../../support/clips/mp4-boxes.ts';
import { AUDIO, VIDEO } from '../../support/facts/media-facts.ts';

/** Four frames of 1000 ticks in one chunk. */
const FRAMES: ClipTrack = {
  shape: { kind: 'video', ...VIDEO, configuration: Uint8Array.of(1, 0x64, 0, 41, 0xff, 0xe0, 0) },
  timescale: 24_000,
  sampleTicks: 1000,
  lastSampleTicks: 1000,
  sizes: [40, 10, 11, 12],
  chunks: [{ offset: 9000, count: 4 }],
  times: undefined,
  syncs: undefined,
  skipTicks: 0,
};
const SOUND: ClipTrack = { ...FRAMES, shape: { kind: 'audio', ...AUDIO }, timescale: 48_000, sampleTicks: 1024 };
const SIZE = 9000;

function headOf(tracks: ClipTrack[], movie: Partial<ClipMovie> = {}, sizeBytes: number = SIZE): Buffer {
  return clipHead({ timescale: 1000, duration: 167, tracks, ...movie }, sizeBytes, 73);
}

const PATHS: Record<string, string[]> = {
  elst: ['edts', 'elst'],
  mdhd: ['mdia', 'mdhd'],
  tkhd: ['tkhd'],
};

/** The words behind version and flags of a box of the track; undefined when there is none. */
function wordsOf(track: ClipTrack, type: string): number[] | undefined {
  const path = PATHS[type] ?? ['mdia', 'minf', 'stbl', type];
  const body = findBox(parseBoxes(headOf([track])), 'moov', 'trak', ...path)?.body;
  return body && Array.from({ length: body.length / 4 - 1 }, (_, i) => body.readUInt32BE(4 + i * 4));
}

suite('tables', () => {
  const reordered = { times: [0, 3000, 1000, 2000] };
  const ROWS: { what: string; type: string; track?: Partial<ClipTrack>; expected: number[] | undefined }[] = [
    { what: 'one duration', type: 'stts', expected: [1, 4, 1000] },
    {
      what: 'the last sample has its own',
      type: 'stts',
      track: { lastSampleTicks: 500 },
      expected: [2, 3, 1000, 1, 500],
    },
    {
      what: 'one sample alone has the last duration',
      type: 'stts',
      track: { lastSampleTicks: 500, sizes: [40] },
      expected: [1, 1, 500],
    },
    { what: 'decode order is presentation order', type: 'ctts', expected: undefined },
    { what: 'so do times that are stated', type: 'ctts', track: { times: [0, 1000, 2000, 3000] }, expected: undefined },
    {
      what: 'B-frames: no offset is negative, equal ones are one run',
      type: 'ctts',
      track: reordered,
      expected: [3, 1, 1000, 1, 3000, 2, 0],
    },
    { what: 'the edit begins with the first sample', type: 'elst', expected: [1, 167, 0, 0x10000] },
    { what: 'the edit skips what offsets added', type: 'elst', track: reordered, expected: [1, 167, 1000, 0x10000] },
    {
      what: 'the edit skips samples for decoding alone',
      type: 'elst',
      track: { ...reordered, skipTicks: 2000 },
      expected: [1, 167, 3000, 0x10000],
    },
    { what: 'every sample is a sync sample', type: 'stss', expected: undefined },
    { what: 'sync samples count from one', type: 'stss', track: { syncs: [0, 3] }, expected: [2, 1, 4] },
    { what: 'no sync sample', type: 'stss', track: { syncs: [] }, expected: [0] },
    { what: 'one chunk', type: 'stsc', expected: [1, 1, 4, 1] },
    {
      what: 'chunks of equal length are one run',
      type: 'stsc',
      track: { chunks: [2, 2, 1, 2].map((count) => ({ offset: 9000, count })) },
      expected: [3, 1, 2, 1, 3, 1, 1, 4, 2, 1],
    },
    { what: 'sizes', type: 'stsz', expected: [0, 4, 40, 10, 11, 12] },
    {
      what: 'offsets of 32 bits',
      type: 'stco',
      track: { chunks: [9000, 2 ** 32 - 1].map((offset) => ({ offset, count: 2 })) },
      expected: [2, 9000, 2 ** 32 - 1],
    },
    {
      what: 'offsets of 64 bits, for all chunks',
      type: 'co64',
      track: { chunks: [9000, 2 ** 32 + 5].map((offset) => ({ offset, count: 2 })) },
      expected: [2, 0, 9000, 1, 5],
    },
    { what: 'offsets of 64 bits only where they are needed', type: 'co64', expected: undefined },
    {
      what: 'the duration of the media',
      type: 'mdhd',
      track: { lastSampleTicks: 500 },
      expected: [0, 0, 24_000, 3500, 0x55c4_0000], // "und"
    },
  ];
  for (const { what, type, track = {}, expected } of ROWS)
    test(what, () => assert.deepEqual(wordsOf({ ...FRAMES, ...track }, type), expected));
});

suite('head', () => {
  test('it fills its size, and the samples follow', () => {
    const head = headOf([FRAMES, SOUND]);
    assert.equal(head.length, SIZE);
    assert.equal(head.subarray(-16).toString('hex'), `00000001${Buffer.from('mdat').toString('hex')}0000000000000059`);
    const boxes = parseBoxes(head.subarray(0, -16));
    assert.deepEqual(
      boxes.map(({ type }) => type),
      ['ftyp', 'moov', 'free'],
    );
    assert.equal(boxAt(boxes, 'ftyp').body.toString('latin1', 0, 4), 'isom');
  });

  test('tracks count from one, in the clock of the movie', () => {
    const moov = boxAt(parseBoxes(headOf([FRAMES, SOUND])), 'moov');
    const [movieHeader, ...tracks] = moov.children ?? [];
    assert.ok(movieHeader);
    assert.deepEqual([movieHeader.body.readUInt32BE(12), movieHeader.body.readUInt32BE(16)], [1000, 167]);
    assert.equal(movieHeader.body.readUInt32BE(movieHeader.body.length - 4), 3);
    const heads = tracks.map((track) => boxAt([track], 'trak', 'tkhd').body);
    assert.deepEqual(
      heads.map((body) => [body.readUInt32BE(12), body.readUInt32BE(20)]),
      [
        [1, 167],
        [2, 167],
      ],
    );
  });

  test('the smallest size leaves a box of no bytes, and a byte less is refused', () => {
    const free = boxAt(parseBoxes(headOf([FRAMES]).subarray(0, -16)), 'free').body.length;
    const least = SIZE - free;
    assert.equal(headOf([FRAMES], {}, least).length, least);
    assert.throws(() => headOf([FRAMES], {}, least - 1), TypeError);
  });

  test('the largest tables fit the size that is reserved for them', () => {
    const samples = 10_000;
    const track: ClipTrack = {
      ...FRAMES,
      lastSampleTicks: 1,
      sizes: Array<number>(samples).fill(1),
      chunks: Array.from({ length: samples }, (_, i) => ({ offset: 2 ** 32 + i, count: 1 + (i % 2) })),
      times: Array.from({ length: samples }, (_, i) => 1000 * (i % 2 === 0 ? i + 1 : i - 1)),
      syncs: Array.from({ length: samples }, (_, i) => i),
    };
    const reserved = headBytes({ samples: 2 * samples, chunks: samples });
    assert.equal(headOf([track, track], {}, reserved).length, reserved);
  });
});
