// The gain that keeps a downmix below full scale: enough, smooth, and the same whatever window it is computed in.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { LIMITER_MARGIN, limitPeaks } from '../../../src/media/worker/libav/audio/peak-limiter.ts';

const LENGTH = 48_000;

/** Quiet, with a loud stretch. */
function tone(hertz: number, from = 0): Float32Array {
  return Float32Array.from({ length: LENGTH - from }, (_, i) => {
    const at = i + from;
    const level = at > 20_000 && at < 24_000 ? 2.4 : 0.4;
    return level * Math.sin((2 * Math.PI * hertz * at) / 48_000);
  });
}

const peakOf = (samples: Float32Array) => samples.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0);
const all = (planes: readonly Float32Array[]) => [{ start: 0, end: planes[0]?.length ?? 0 }];

suite('limiting peaks', () => {
  test('peaks come out below full scale, between the samples too', () => {
    for (const hertz of [60, 997, 11_999, 12_000]) {
      const planes = [tone(hertz), tone(hertz * 1.5)];
      limitPeaks(planes, all(planes));
      assert.ok(
        planes.every((plane) => peakOf(plane) <= 0.85),
        `${hertz} Hz`,
      );
    }
  });

  test('what is far from a peak is left as it is', () => {
    const planes = [tone(997)];
    limitPeaks(planes, all(planes));
    const near = { start: 20_000 - LIMITER_MARGIN, end: 24_000 + LIMITER_MARGIN };
    assert.deepEqual(planes[0]?.subarray(0, near.start), tone(997).subarray(0, near.start));
    assert.deepEqual(planes[0]?.subarray(near.end), tone(997).subarray(near.end));
  });

  test('sound that was not mixed is left as it is', () => {
    const planes = [tone(997)];
    limitPeaks(planes, []);
    assert.deepEqual(planes[0], tone(997));
  });

  test('both channels are lowered alike', () => {
    const quiet = Float32Array.from({ length: LENGTH }, () => 0.1);
    const planes = [tone(997), quiet];
    limitPeaks(planes, all(planes));
    assert.ok((planes[1]?.[22_000] ?? 1) < 0.05);
  });

  test('any window gives the same samples, but near its ends', () => {
    const whole = [tone(997)];
    limitPeaks(whole, all(whole));
    for (const from of [3_000, 17_777, 20_001, 21_500]) {
      const part = [tone(997, from)];
      limitPeaks(part, all(part));
      assert.deepEqual(part[0]?.subarray(LIMITER_MARGIN), whole[0]?.subarray(from + LIMITER_MARGIN), `from ${from}`);
    }
  });
});
