// The constant frame rate of encoded renditions.
import type { Rational } from '../../base/rational.ts';

const STANDARD_RATES: readonly Rational[] = [
  { num: 24_000, den: 1001 },
  { num: 24, den: 1 },
  { num: 25, den: 1 },
  { num: 30_000, den: 1001 },
  { num: 30, den: 1 },
  { num: 48, den: 1 },
  { num: 50, den: 1 },
  { num: 60_000, den: 1001 },
  { num: 60, den: 1 },
];

/** The source's rate where it is a common one, else the next common one above, so that no picture is lost below 60 a second. */
export function encodedRate(rate: Rational): Rational {
  const value = rate.num / rate.den;
  const near = STANDARD_RATES.find(({ num, den }) => Math.abs(num / den / value - 1) < 0.0005);
  if (near) return near;
  return STANDARD_RATES.find(({ num, den }) => num / den > value) ?? { num: 60, den: 1 };
}
