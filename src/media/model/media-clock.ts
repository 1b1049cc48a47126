// Conversion between the demuxer's clock and the presentation's: exact and absolute, never a sum of durations.
import type { Rational } from '../../base/rational.ts';
import { rescale } from '../../base/rational.ts';
import type { Origin } from './rendition-track.ts';

/** `(ticks * timeBase - origin) * timescale`, rounded half up once. */
export function toTimeline(ticks: number, timeBase: Rational, target: { origin: Origin; timescale: number }): number {
  const { origin, timescale } = target;
  if (timeBase.num * origin.timeBase.den === origin.timeBase.num * timeBase.den) {
    const shifted =
      ticks -
      rescale(origin.ticks, { num: origin.timeBase.num * timeBase.den, den: origin.timeBase.den * timeBase.num }, 1);
    return rescale(shifted, timeBase, timescale);
  }
  const a = BigInt(ticks) * BigInt(timeBase.num) * BigInt(origin.timeBase.den);
  const b = BigInt(origin.ticks) * BigInt(origin.timeBase.num) * BigInt(timeBase.den);
  const denominator = 2n * BigInt(timeBase.den) * BigInt(origin.timeBase.den);
  const numerator = 2n * (a - b) * BigInt(timescale) + denominator / 2n;
  const quotient = numerator / denominator;
  return Number(numerator < 0n && quotient * denominator !== numerator ? quotient - 1n : quotient);
}

/** The demuxer timestamp nearest below `seconds` of the presentation. */
export function toDemuxer(seconds: number, timeBase: Rational, origin: Origin): number {
  const originSeconds = (origin.ticks * origin.timeBase.num) / origin.timeBase.den;
  return Math.floor(((seconds + originSeconds) * timeBase.den) / timeBase.num);
}

/** The time of the nearest frame of a constant rate, in the same ticks. */
export function snapTime(ticks: number, timescale: number, rate: Rational): number {
  const frame = Math.round((ticks * rate.num) / (rate.den * timescale));
  return Math.round((frame * rate.den * timescale) / rate.num);
}
