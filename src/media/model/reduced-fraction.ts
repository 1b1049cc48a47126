// Fractions in lowest terms, as libavformat reports time bases.
import type { Rational } from '../../base/rational.ts';

/** The same value in lowest terms; both parts positive integers. */
export function reducedFraction({ num, den }: Rational): Rational {
  const divisor = greatestCommonDivisor(num, den);
  return { num: num / divisor, den: den / divisor };
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
