// Exact arithmetic on time: a rational, and the rescaling of absolute timestamps between timescales.

export interface Rational {
  num: number;
  den: number;
}

/**
 * Rescales an absolute timestamp: `value * from * to`, rounded half up, exact beyond 2^53.
 * `from` is the length of a tick in seconds, `ticksPerSecond` the target timescale.
 * Rescale absolute values only, never durations: differences of rescaled values do not drift.
 */
export function rescale(value: number, from: Rational, ticksPerSecond: number): number {
  const product = value * from.num * ticksPerSecond;
  if (Number.isSafeInteger(product) && Math.abs(product) < Number.MAX_SAFE_INTEGER / 2) {
    return Math.floor((2 * product + from.den) / (2 * from.den));
  }
  const numerator = BigInt(value) * BigInt(from.num) * BigInt(ticksPerSecond) * 2n + BigInt(from.den);
  const denominator = BigInt(from.den) * 2n;
  const quotient = numerator / denominator;
  return Number(numerator < 0n && quotient * denominator !== numerator ? quotient - 1n : quotient);
}
