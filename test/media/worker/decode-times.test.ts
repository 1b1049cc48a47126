// Decode times of frames that state none, and what that makes of the step of a clock.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ClockWatch } from '../../../src/media/worker/scan/clock-watch.ts';
import { DecodeTimes } from '../../../src/media/worker/libav/demux/decode-times.ts';
import type { DemuxedPacket } from '../../../src/media/worker/libav/demux/demuxed-packet.ts';

const FRAME = 3600;
const VIDEO = 0x1e0;

const ROWS: { what: string; stated: (number | undefined)[]; expected: (number | undefined)[] }[] = [
  { what: 'a time that is stated stays', stated: [0, 3600, 7200], expected: [0, 3600, 7200] },
  {
    what: 'a frame without a time follows the one before',
    stated: [900, undefined, undefined],
    expected: [900, 4500, 8100],
  },
  {
    what: 'a stated time corrects the count',
    stated: [0, undefined, 9000, undefined],
    expected: [0, 3600, 9000, 12_600],
  },
  { what: 'before the first stated time there is none', stated: [undefined, 3600], expected: [undefined, 3600] },
];

for (const { what, stated, expected } of ROWS)
  test(what, () => {
    const times = new DecodeTimes();
    assert.deepEqual(
      stated.map((dts) => times.completed(packet({ dts })).dts),
      expected,
    );
  });

test('after a seek nothing follows from what was read before', () => {
  const times = new DecodeTimes();
  times.completed(packet({ dts: 0 }));
  times.moved();
  assert.equal(times.completed(packet({})).dts, undefined);
});

test('a clock that restarts goes on behind pictures that state no time', () => {
  const times = new DecodeTimes();
  const watch = new ClockWatch({ main: VIDEO, delayFrames: 2 });
  for (let frame = 0; frame < 100; frame++) {
    const isStated = frame % 10 === 0;
    const dts = (frame % 50) * FRAME;
    const byte = isStated ? frame * 1000 : -1;
    watch.see(times.completed(packet({ byte, ...(isStated ? { dts, pts: dts + 2 * FRAME } : {}) })));
  }
  assert.deepEqual(watch.steps(), [[50_000, 50 * FRAME]]);
});

function packet(known: Partial<DemuxedPacket>): DemuxedPacket {
  const flags = { isKey: true, isCorrupt: false, isHidden: false };
  const times = { pts: undefined, dts: undefined, duration: FRAME };
  return { streamIndex: VIDEO, ...times, ...flags, sizeBytes: 1000, byte: 0, ...known };
}
