// The frame rate of a source whose container states another one than its pictures have.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { seenRate } from '../../../src/media/model/frame-rate.ts';

const ROWS: { what: string; frameRate: number; clock: number; stepTicks?: number; expected: [number, number] }[] = [
  { what: 'without a scan the stated rate holds', frameRate: 50, clock: 50, expected: [50, 1] },
  { what: 'a picture in each tick has the stated rate', frameRate: 50, clock: 50, stepTicks: 1, expected: [50, 1] },
  { what: 'a picture in every second tick has half of it', frameRate: 50, clock: 50, stepTicks: 2, expected: [25, 1] },
  { what: 'rounded times tell nothing', frameRate: 25, clock: 1000, stepTicks: 1, expected: [25, 1] },
  { what: 'times of fields have the rate of frames', frameRate: 50, clock: 90_000, stepTicks: 3600, expected: [25, 1] },
  { what: 'a picture each ten seconds', frameRate: 25, clock: 25, stepTicks: 250, expected: [1, 10] },
];

for (const {
  what,
  frameRate,
  clock,
  stepTicks,
  expected: [num, den],
} of ROWS)
  test(what, () => {
    const video = { frameRate: { num: frameRate, den: 1 }, timeBase: { num: 1, den: clock } };
    assert.deepEqual(seenRate(video, stepTicks), { num, den });
  });
