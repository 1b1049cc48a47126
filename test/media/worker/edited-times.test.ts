// Packets of a track whose edit list presents several pieces: moved to their times, and cut to the sample.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { AV_PKT_DATA_SKIP_SAMPLES, AV_PKT_FLAG_DISCARD } from 'node-av/constants';
import { Packet } from 'node-av/lib';
import { EditedTimes } from '../../../src/media/worker/libav/demux/edited-times.ts';

const TRACK = 1;
/** Packets of 100 ticks: the first piece ends within a packet, the second begins within one. */
const PIECES = new EditedTimes([
  [
    TRACK,
    [
      { bytes: [0, 2000], ticks: [0, 250], added: 0 },
      { bytes: [5000, 8000], ticks: [250, 550], added: 30 },
      { bytes: [10_000, 12_000], ticks: [750, 950], added: 0 },
    ],
  ],
]);

interface Given {
  pts: number;
  byte: number;
  isHidden?: boolean;
}

interface Expected {
  pts: number;
  isHidden?: boolean;
  /** Samples cut at the start and at the end. */
  cut?: [number, number];
}

const AUDIO: { what: string; given: Given; expected: Expected }[] = [
  { what: 'a packet of the first piece stays', given: { pts: 0, byte: 0 }, expected: { pts: 0 } },
  { what: 'the last packet of a piece is cut', given: { pts: 200, byte: 2000 }, expected: { pts: 200, cut: [0, 100] } },
  {
    what: 'the packet in which a piece begins is shown from there on',
    given: { pts: 150, byte: 5000, isHidden: true },
    expected: { pts: 180, cut: [140, 0] },
  },
  { what: 'packets of the second piece are moved', given: { pts: 250, byte: 6000 }, expected: { pts: 280 } },
  {
    what: 'a packet that only decoding needs stays hidden',
    given: { pts: 50, byte: 4000, isHidden: true },
    expected: { pts: 50, isHidden: true },
  },
  {
    what: 'a packet in a pause between pieces is hidden',
    given: { pts: 650, byte: 0 },
    expected: { pts: 650, isHidden: true },
  },
  { what: 'a packet of no piece stays', given: { pts: 1000, byte: 9000 }, expected: { pts: 1000 } },
];

for (const { what, given, expected } of AUDIO)
  test(what, () => assert.deepEqual(moved(given, { number: TRACK, samplesPerTick: 2 }), stated(expected)));

test('frames are moved, and stay hidden', () => {
  const video = { number: TRACK, samplesPerTick: undefined };
  assert.deepEqual(moved({ pts: 250, byte: 6000 }, video), stated({ pts: 280 }));
  assert.deepEqual(moved({ pts: 150, byte: 5000, isHidden: true }, video), stated({ pts: 150, isHidden: true }));
});

test('packets of other tracks stay', () => {
  assert.deepEqual(moved({ pts: 250, byte: 6000 }, { number: 2, samplesPerTick: 2 }), stated({ pts: 250 }));
});

function stated({ pts, isHidden = false, cut }: Expected): unknown {
  return { pts, dts: pts, isHidden, cut };
}

function moved(
  { pts, byte, isHidden = false }: Given,
  { number, samplesPerTick }: { number: number; samplesPerTick: number | undefined },
): unknown {
  const packet = new Packet();
  packet.alloc();
  Object.assign(packet, { pts: BigInt(pts), dts: BigInt(pts), duration: 100n, pos: BigInt(byte) });
  if (isHidden) packet.setFlags(AV_PKT_FLAG_DISCARD);
  PIECES.move(number, packet, samplesPerTick);
  const skipped = packet.getSideData(AV_PKT_DATA_SKIP_SAMPLES);
  const found = {
    pts: Number(packet.pts),
    dts: Number(packet.dts),
    isHidden: packet.hasFlags(AV_PKT_FLAG_DISCARD),
    cut: skipped ? [skipped.readUInt32LE(0), skipped.readUInt32LE(4)] : undefined,
  };
  packet.free();
  return found;
}
