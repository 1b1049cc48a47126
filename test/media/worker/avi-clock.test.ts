// Times of AVI after a seek, put right by a keyframe whose byte is known.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Packet } from 'node-av/lib';

import { AviClock } from '../../../src/media/worker/libav/demux/avi-clock.ts';
import type { Splices } from '../../../src/media/model/rendition-track.ts';

const VIDEO = 0;

/** Ticks of 1/50 s: keyframes at 0, 250 and 500. */
const PLACES: Splices['places'] = [
  [0, 1000],
  [5, 20_000],
  [10, 40_000],
];

const SEEKS: { what: string; wanted: number; goes: number; read: [byte: number, dts: number][]; times: number[] }[] = [
  {
    what: 'times that are right stay',
    wanted: 260,
    goes: 250,
    read: [
      [20_000, 250],
      [21_000, 252],
    ],
    times: [250, 252],
  },
  {
    what: 'times that are late are moved back',
    wanted: 499,
    goes: 250,
    read: [
      [20_000, 253],
      [21_000, 255],
    ],
    times: [250, 252],
  },
  {
    what: 'a frame before the keyframe is left out',
    wanted: 600,
    goes: 500,
    read: [
      [39_000, 499],
      [40_000, 501],
    ],
    times: [500],
  },
  {
    what: 'where the keyframe does not come, times stay',
    wanted: 600,
    goes: 500,
    read: [
      [41_000, 503],
      [42_000, 505],
    ],
    times: [503, 505],
  },
  { what: 'before the first place nothing is known', wanted: -5, goes: -5, read: [[500, 0]], times: [0] },
];

for (const { what, wanted, goes, read, times } of SEEKS)
  test(what, () => {
    const clock = new AviClock(PLACES, { num: 1, den: 50 });
    assert.equal(clock.sentTo(VIDEO, wanted), goes);
    assert.deepEqual(
      read.flatMap(([byte, dts]) => moved(clock, byte, dts)),
      times,
    );
  });

test('frames that are read on to without a seek keep their times', () => {
  const clock = new AviClock(PLACES, { num: 1, den: 50 });
  assert.deepEqual(moved(clock, 20_000, 250), [250]);
});

/** The time of a packet, none when it is left out. */
function moved(clock: AviClock, byte: number, dts: number): number[] {
  using packet = new Packet();
  packet.alloc();
  packet.dts = BigInt(dts);
  packet.pos = BigInt(byte);
  return clock.move(VIDEO, packet) ? [Number(packet.dts)] : [];
}
