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

/** The source's rate if it is a standard one, else the next higher standard rate, so that no frame is lost below 60 frames per second. */
export function encodedRate(rate: Rational): Rational {
  const value = rate.num / rate.den;
  const standard = STANDARD_RATES.find(({ num, den }) => Math.abs(num / den / value - 1) < 0.0005);
  if (standard) return standard;
  return STANDARD_RATES.find(({ num, den }) => num / den > value) ?? { num: 60, den: 1 };
}

/** A step of at least this many frames of the stated rate means that the stated rate is not the rate of the frames. */
const CLEARLY_COARSER = 1.5;

/**
 * The rate seen in the timestamps. The stated rate may be that of fields, or may count dropped frames. `stepTicks` divides the distances of all
 * frames: if it is clearly longer than a stated frame, it is the duration of a frame.
 */
export function seenRate({ frameRate, timeBase }: Pick<VideoTrack, 'frameRate' | 'timeBase'>, stepTicks = 0): Rational {
  const frames = (stepTicks * timeBase.num * frameRate.num) / (timeBase.den * frameRate.den);
  return frames < CLEARLY_COARSER ? frameRate : reducedFraction({ num: timeBase.den, den: timeBase.num * stepTicks });
}
