// Where the pieces of an edit list lie in the presentation, and how far libavformat's times are from that.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { editedPieces } from '../../../../src/media/index/mp4/mp4-edited-pieces.ts';
import type { Mp4Edit } from '../../../../src/media/index/mp4/mp4-movie.ts';
import { sampleTimes, syncSamples } from '../../../../src/media/index/mp4/mp4-sample-times.ts';
import type { EditListEntry } from '../../../../src/media/model/rendition-track.ts';

const SAMPLES = 10;
const SAMPLE_BYTES = 100;
const FIRST_BYTE = 1000;

/** A full box's payload: version and flags, then 32-bit numbers. */
function words(...numbers: number[]): DataView {
  const view = new DataView(new ArrayBuffer(4 + numbers.length * 4));
  for (const [at, number] of numbers.entries()) view.setInt32(4 + at * 4, number | 0);
  return view;
}

/** Ten samples of ten ticks in one chunk. */
function tablesWith(more: Record<string, DataView>): Map<string, DataView> {
  return new Map(
    Object.entries({
      stts: words(1, SAMPLES, 10),
      stsz: words(0, SAMPLES, ...Array.from({ length: SAMPLES }, () => SAMPLE_BYTES)),
      stsc: words(1, 1, SAMPLES, 1),
      stco: words(1, FIRST_BYTE),
      ...more,
    }),
  );
}

const AUDIO = tablesWith({});
/** In the order of decoding: I P B B P B B P B B, presented from tick 10 on. */
const OFFSETS = [10, 30, 0, 0, 30, 0, 0, 30, 0, 0];
const VIDEO = tablesWith({ stss: words(1, 1), ctts: words(SAMPLES, ...OFFSETS.flatMap((offset) => [1, offset])) });

const byteOf = (sample: number): number => FIRST_BYTE + sample * SAMPLE_BYTES;
const empty = (duration: number): Mp4Edit => ({ duration, mediaTime: -1 });
const shown = (mediaTime: number, duration: number): Mp4Edit => ({ duration, mediaTime });

const ROWS: { what: string; tables: Map<string, DataView>; edits: Mp4Edit[]; expected: EditListEntry[] }[] = [
  { what: 'one piece is left to libavformat', tables: AUDIO, edits: [empty(5), shown(15, 30)], expected: [] },
  {
    what: 'a piece at a packet is in its place',
    tables: AUDIO,
    edits: [shown(0, 20), shown(50, 30)],
    expected: [
      { bytes: [byteOf(0), byteOf(1)], ticks: [0, 20], added: 0 },
      { bytes: [byteOf(5), byteOf(7)], ticks: [20, 50], added: 0 },
    ],
  },
  {
    what: 'a piece within a packet comes early by the part of the packet that it shows',
    tables: AUDIO,
    edits: [shown(0, 20), shown(53, 30)],
    expected: [
      { bytes: [byteOf(0), byteOf(1)], ticks: [0, 20], added: 0 },
      { bytes: [byteOf(5), byteOf(8)], ticks: [20, 50], added: 7 },
    ],
  },
  {
    what: 'the first piece within a packet is in its place',
    tables: AUDIO,
    edits: [empty(5), shown(3, 20), shown(53, 30)],
    expected: [
      { bytes: [byteOf(0), byteOf(2)], ticks: [5, 25], added: 0 },
      { bytes: [byteOf(5), byteOf(8)], ticks: [25, 55], added: 7 },
    ],
  },
  {
    what: 'a repeated piece has the same bytes twice',
    tables: AUDIO,
    edits: [shown(0, 20), shown(0, 20)],
    expected: [
      { bytes: [byteOf(0), byteOf(1)], ticks: [0, 20], added: 0 },
      { bytes: [byteOf(0), byteOf(1)], ticks: [20, 40], added: 0 },
    ],
  },
  {
    what: 'frames from a keyframe on are in their place',
    tables: VIDEO,
    edits: [shown(10, 30), shown(10, 30)],
    expected: [
      { bytes: [byteOf(0), byteOf(3)], ticks: [0, 30], added: 0 },
      { bytes: [byteOf(0), byteOf(3)], ticks: [30, 60], added: 0 },
    ],
  },
  {
    what: 'frames from the frame after a reordered one on come late by a frame',
    tables: VIDEO,
    edits: [shown(10, 30), shown(60, 30)],
    expected: [
      { bytes: [byteOf(0), byteOf(3)], ticks: [0, 30], added: 0 },
      { bytes: [byteOf(4), byteOf(8)], ticks: [30, 60], added: -10 },
    ],
  },
  {
    what: 'a pause between two pieces moves the second',
    tables: AUDIO,
    edits: [shown(0, 20), empty(5), shown(53, 30)],
    expected: [
      { bytes: [byteOf(0), byteOf(1)], ticks: [0, 20], added: 0 },
      { bytes: [byteOf(5), byteOf(8)], ticks: [25, 55], added: 7 },
    ],
  },
  {
    what: 'a piece of no length is left to libavformat',
    tables: AUDIO,
    edits: [shown(0, 20), shown(50, 0)],
    expected: [],
  },
];

for (const { what, tables, edits, expected } of ROWS)
  test(what, () => assert.deepEqual(piecesOf(tables, edits, false), expected));

test('a list that libavformat does not follow is left to it', () => {
  assert.deepEqual(piecesOf(AUDIO, [shown(0, 20), shown(53, 30)], true), []);
});

test('a list of very many pieces is left to libavformat', () => {
  const edits = Array.from({ length: 1001 }, () => shown(3, 10));
  assert.deepEqual(piecesOf(AUDIO, edits, false), []);
});

function piecesOf(tables: Map<string, DataView>, edits: Mp4Edit[], isOnlyShifted: boolean): EditListEntry[] {
  const times = sampleTimes(tables, undefined);
  const isSync = times && syncSamples(tables, times.count);
  assert.ok(isSync);
  const clock = { ticksPerSecond: 1000, movieTicksPerSecond: 1000 };
  return editedPieces({ times, isSync, edits, ...clock, isOnlyShifted, isVideo: tables === VIDEO }, tables);
}
