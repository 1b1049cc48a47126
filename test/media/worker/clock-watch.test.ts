// Where the clock of a stream restarts or jumps, told from the timestamps of its packets alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClockWatch } from '../../../src/media/worker/scan/clock-watch.ts';

const FRAME = 3600;
const VIDEO = 256;
const AUDIO = 257;
const PACKET_BYTES = 1000;

type Stretch = readonly [startTicks: number, frames: number];

/** A video and an audio packet for each frame of the stretches, one behind the other; `stray` replaces times of single video packets. */
function steps(stretches: readonly Stretch[], stray: Record<number, number> = {}): [number, number][] {
  const watch = new ClockWatch({ main: VIDEO, delayFrames: 0 });
  let count = 0;
  for (const [start, frames] of stretches) {
    for (let frame = 0; frame < frames; frame++, count++) {
      const time = start + frame * FRAME;
      for (const streamIndex of [VIDEO, AUDIO]) {
        const pts = streamIndex === VIDEO ? (stray[count] ?? time) : time;
        const byte = (2 * count + (streamIndex === VIDEO ? 0 : 1)) * PACKET_BYTES;
        const flags = { isKey: true, isCorrupt: false, isHidden: false };
        watch.see({ streamIndex, pts, dts: pts, duration: FRAME, sizeBytes: PACKET_BYTES, byte, ...flags });
      }
    }
  }
  return watch.steps();
}

const ROWS: { what: string; stretches: Stretch[]; stray?: Record<number, number>; expected: [number, number][] }[] = [
  { what: 'a clock that runs on has no step', stretches: [[0, 100]], expected: [] },
  {
    what: 'a clock that restarts goes on where the last picture ended',
    stretches: [
      [0, 100],
      [0, 50],
    ],
    expected: [[200 * PACKET_BYTES, 100 * FRAME]],
  },
  {
    what: 'a clock that jumps ahead and back again is moved twice',
    stretches: [
      [0, 100],
      [9e6, 50],
      [0, 50],
    ],
    expected: [
      [200 * PACKET_BYTES, 100 * FRAME - 9e6],
      [300 * PACKET_BYTES, 150 * FRAME],
    ],
  },
  {
    what: 'one picture with a wrong time far ahead is no step',
    stretches: [[0, 100]],
    stray: { 50: 5e8 },
    expected: [],
  },
  {
    what: 'one picture with a wrong time far back is no step',
    stretches: [[9e6, 100]],
    stray: { 50: 0 },
    expected: [],
  },
];

for (const { what, stretches, stray, expected } of ROWS)
  test(what, () => assert.deepEqual(steps(stretches, stray), expected));
