// The frame rate of a source, and the constant one of encoded renditions.
import type { Rational } from '../../base/rational.ts';
import type { VideoTrack } from './description.ts';
import { reducedFraction } from './reduced-fraction.ts';

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

/** Frames of the stated rate between two pictures, from which on the rate is not that of the pictures. */
const CLEARLY_COARSER = 1.5;

/**
 * The stated rate may be that of fields, or count frames that were dropped. `stepTicks` divides the distances of all pictures: where it is clearly
 * longer than a frame, it is the frame.
 */
export function seenRate({ frameRate, timeBase }: Pick<VideoTrack, 'frameRate' | 'timeBase'>, stepTicks = 0): Rational {
  const frames = (stepTicks * timeBase.num * frameRate.num) / (timeBase.den * frameRate.den);
  return frames < CLEARLY_COARSER ? frameRate : reducedFraction({ num: timeBase.den, den: timeBase.num * stepTicks });
}
