import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Rational } from '../../src/base/rational.ts';
import { rescale } from '../../src/base/rational.ts';

const MPEG_TICK: Rational = { num: 1, den: 90_000 };

test('a timestamp keeps its instant in another timescale', () => {
  assert.equal(rescale(90_000, MPEG_TICK, 48_000), 48_000);
  assert.equal(rescale(3003, MPEG_TICK, 24_000), 801);
  assert.equal(rescale(1001, { num: 1, den: 24_000 }, 90_000), 3754);
});

test('halves are rounded up, on both sides of zero', () => {
  const halfTick: Rational = { num: 1, den: 2 };
  assert.deepEqual(
    [-3, -2, -1, 0, 1, 2, 3].map((value) => rescale(value, halfTick, 1)),
    [-1, -1, 0, 0, 1, 1, 2],
  );
});

test('products beyond 2^53 stay exact', () => {
  const start = 2 ** 53 - 1;
  assert.equal(rescale(start, MPEG_TICK, 90_000), start);
  assert.equal(rescale(-start, MPEG_TICK, 90_000), -start);
});

test('halves are rounded up beyond 2^53 too', () => {
  const odd = 2 ** 52 + 1;
  assert.equal(rescale(odd, { num: 1, den: 2 }, 1), 2 ** 51 + 1);
  assert.equal(rescale(-odd, { num: 1, den: 2 }, 1), -(2 ** 51));
});

test('every result is the exact one, whatever the size of the product', () => {
  for (const value of spread()) {
    for (const ticksPerSecond of [1, 1000, 24_000, 44_100, 90_000, 1_000_000]) {
      const from: Rational = { num: 1001, den: 30_000 };
      assert.equal(
        rescale(value, from, ticksPerSecond),
        exact(value, from, ticksPerSecond),
        `${value} at ${ticksPerSecond}`,
      );
    }
  }
});

test('differences of rescaled frames do not drift', () => {
  const frame: Rational = { num: 1001, den: 24_000 };
  const hourOfFrames = 86_313;
  assert.equal(rescale(hourOfFrames, frame, 1000), Math.floor((hourOfFrames * 1_001_000) / 24_000 + 0.5));
});

/** Whole numbers of every size up to 2^45, both signs, always the same ones. */
function spread(): number[] {
  const values = [0];
  for (let value = 1; value < 2 ** 45; value = value * 3 + 7) values.push(value, -value);
  return values;
}

/** Floor of `value * from * to + 1/2` in whole numbers. */
function exact(value: number, from: Rational, to: number): number {
  const twice = BigInt(value) * BigInt(from.num) * BigInt(to) * 2n + BigInt(from.den);
  const divisor = BigInt(from.den) * 2n;
  const remainder = ((twice % divisor) + divisor) % divisor;
  return Number((twice - remainder) / divisor);
}
