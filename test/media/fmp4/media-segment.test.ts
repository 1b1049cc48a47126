import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mediaSegment, type MediaSegmentOptions } from '../../../src/media/fmp4/media-segment.ts';
import type { SampleRun } from '../../../src/media/model/samples.ts';

function runOf(pts: number[], range: { start: number; end: number }): SampleRun {
  return {
    timescale: 1000,
    ...range,
    samples: pts.map((time, index) => ({ data: Buffer.from([index]), pts: time, isSync: index === 0 })),
  };
}

/** Boxes of one level by type. */
function boxes(bytes: Buffer): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  for (let at = 0; at < bytes.length; at += bytes.readUInt32BE(at))
    found.set(bytes.toString('latin1', at + 4, at + 8), bytes.subarray(at + 8, at + bytes.readUInt32BE(at)));
  return found;
}

function childOf(bytes: Buffer, ...path: string[]): Buffer {
  return path.reduce((parent, type) => {
    const child = boxes(parent).get(type);
    assert.ok(child, `no ${type}`);
    return child;
  }, bytes);
}

function segmentBytes(options: MediaSegmentOptions): Buffer {
  return Buffer.concat(mediaSegment(options));
}

test('sequence number, track, 64-bit decode time and sample flags are where the standard puts them', () => {
  const start = 2 ** 40;
  const bytes = segmentBytes({
    sequenceNumber: 7,
    trackId: 3,
    run: runOf([start, start + 80, start + 40], { start, end: start + 120 }),
  });
  const moof = childOf(bytes, 'moof');
  assert.equal(childOf(moof, 'mfhd').readUInt32BE(4), 7);
  assert.equal(childOf(moof, 'traf', 'tfhd').readUInt32BE(0), 0x020000);
  assert.equal(childOf(moof, 'traf', 'tfhd').readUInt32BE(4), 3);
  assert.equal(childOf(moof, 'traf', 'tfdt').readBigUInt64BE(4), BigInt(start));
  const trun = childOf(moof, 'traf', 'trun');
  assert.equal(trun.readUInt32BE(0), 0x01000f01);
  assert.equal(trun.readUInt32BE(4), 3);
  assert.equal(trun.readInt32BE(8), bytes.indexOf('mdat') + 4);
  assert.deepEqual(
    [0, 1, 2].map((index) => trun.readUInt32BE(12 + index * 16 + 8)),
    [0x02000000, 0x01010000, 0x01010000],
  );
  assert.deepEqual(childOf(bytes, 'mdat'), Buffer.from([0, 1, 2]));
});

test('styp comes first where it is wanted', () => {
  const run = runOf([0], { start: 0, end: 40 });
  const bare = segmentBytes({ sequenceNumber: 1, trackId: 1, run });
  const typed = segmentBytes({ sequenceNumber: 1, trackId: 1, run, withSegmentType: true });
  assert.deepEqual([...boxes(typed).keys()], ['styp', 'moof', 'mdat']);
  assert.ok(typed.subarray(24).equals(bare));
});

test('an empty run is a valid fragment that says so', () => {
  const bytes = segmentBytes({ sequenceNumber: 1, trackId: 1, run: runOf([], { start: 500, end: 900 }) });
  assert.deepEqual([...boxes(childOf(bytes, 'moof', 'traf')).keys()], ['tfhd', 'tfdt']);
  assert.equal(childOf(bytes, 'moof', 'traf', 'tfhd').readUInt32BE(0) & 0x010000, 0x010000);
  assert.equal(childOf(bytes, 'moof', 'traf', 'tfdt').readBigUInt64BE(4), 500n);
  assert.equal(childOf(bytes, 'mdat').length, 0);
});

test('a start before zero or between ticks is a mistake of the caller', () => {
  for (const start of [-1, 0.5])
    assert.throws(() => mediaSegment({ sequenceNumber: 1, trackId: 1, run: runOf([1], { start, end: 9 }) }), TypeError);
});
