import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstDecodeTime, sampleTiming } from '../../../src/media/fmp4/decode-schedule.ts';
import type { SampleRun } from '../../../src/media/model/samples.ts';

function runOf(pts: readonly number[], range: { start: number; end: number }): SampleRun {
  const samples = pts.map((time, index) => ({ data: Buffer.alloc(0), pts: time, isSync: index === 0 }));
  return { timescale: 1000, ...range, samples };
}

interface Row {
  what: string;
  pts: number[];
  range: { start: number; end: number };
  decodeTime: number;
  durations: number[];
}

const ROWS: Row[] = [
  {
    what: 'frames without reordering are decoded when they are shown',
    pts: [0, 40, 80, 120],
    range: { start: 0, end: 160 },
    decodeTime: 0,
    durations: [40, 40, 40, 40],
  },
  {
    what: 'decoding runs ahead after the first frame, and the last sample lasts to the end',
    pts: [0, 120, 40, 80, 240, 160, 200],
    range: { start: 0, end: 280 },
    decodeTime: 0,
    durations: [20, 20, 40, 40, 40, 40, 80],
  },
  {
    what: 'no sample before the last one lasts beyond the end',
    pts: [0, 160, 80, 40, 120, 240, 200],
    range: { start: 0, end: 280 },
    decodeTime: 0,
    durations: [13, 13, 14, 40, 80, 40, 80],
  },
  {
    what: 'leading frames of an open group are decoded after the keyframe and shown before it',
    pts: [1000, 920, 960, 1120, 1040, 1080],
    range: { start: 1000, end: 1160 },
    decodeTime: 919,
    durations: [1, 40, 40, 40, 40, 80],
  },
  {
    what: 'a single frame lasts to the end of the run',
    pts: [0],
    range: { start: 0, end: 60_000 },
    decodeTime: 0,
    durations: [60_000],
  },
  {
    what: 'a run too short for its samples gives each a tick',
    pts: [0, 40, 80],
    range: { start: 0, end: 2 },
    decodeTime: 0,
    durations: [1, 1, 1],
  },
];

for (const { what, pts, range, decodeTime, durations } of ROWS) {
  test(what, () => {
    const timing = sampleTiming(runOf(pts, range));
    assert.equal(timing.decodeTime, decodeTime);
    assert.deepEqual(timing.durations, durations);
  });
}

test('in any order of decoding offsets are not negative, times rise, and no sample lasts beyond the end', () => {
  for (let seed = 1; seed <= 500; seed++) {
    const pts = mixedGroup(seed);
    const end = 40 * pts.length + 1000;
    const { decodeTime, durations, compositionOffsets } = sampleTiming(runOf(pts, { start: 1000, end }));
    assert.equal(decodeTime, firstDecodeTime(pts), `seed ${seed}`);
    assert.equal(decodeTime + durations.reduce((sum, each) => sum + each, 0), end, `seed ${seed}`);
    let time = decodeTime;
    for (const [i, duration] of durations.entries()) {
      assert.equal(time + (compositionOffsets[i] ?? -1), pts[i], `seed ${seed}, sample ${i}`);
      assert.ok(duration > 0 && (compositionOffsets[i] ?? -1) >= 0, `seed ${seed}, sample ${i}`);
      assert.ok((pts[i] ?? 0) + duration <= end, `seed ${seed}, sample ${i} lasts beyond the end`);
      time += duration;
    }
  }
});

test('a start before zero or between ticks is a mistake of the caller', () => {
  for (const start of [-1, 0.5]) assert.throws(() => sampleTiming(runOf([1], { start, end: 9 })), TypeError);
});

/** A keyframe, then groups of frames that are shown in order and decoded in another one. */
function mixedGroup(seed: number): number[] {
  let state = seed;
  const random = (below: number) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * below);
  };
  const order = [0];
  for (let frame = 1; frame < 30;) {
    const length = 1 + random(5);
    const group = Array.from({ length }, (_, i) => frame + i);
    order.push(
      ...group.toSorted((a, b) => (b === frame + length - 1 ? 1 : a === frame + length - 1 ? -1 : random(3) - 1)),
    );
    frame += length;
  }
  return order.map((frame) => 1000 + 40 * frame);
}
