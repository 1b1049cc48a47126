// The constant frame rate of encoded renditions, and how far decoding runs ahead of showing in a presentation.
import type { Rational } from '../base/rational.ts';
import type { VideoTrack } from './description.ts';

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

/** x264 makes a pyramid of two levels from two B-frames on. */
const ENCODED_REORDER_FRAMES = 2;

/** The source's rate where it is a common one, else the next common one above, so that no picture is lost below 60 a second. */
export function encodedRate(rate: Rational): Rational {
  const value = rate.num / rate.den;
  const near = STANDARD_RATES.find(({ num, den }) => Math.abs(num / den / value - 1) < 0.0005);
  if (near) return near;
  return STANDARD_RATES.find(({ num, den }) => num / den > value) ?? { num: 60, den: 1 };
}

/**
 * The reorder delay of the rendition that has the greatest, seconds: whole frames of the encoded renditions, so that it is exact on their clock.
 * Zero without a picture: audio is not reordered.
 */
export function compositionDelay(video: VideoTrack | undefined): Rational {
  if (!video) return { num: 0, den: 1 };
  const rate = encodedRate(video.frameRate);
  const sourceFrames = (video.reorderFrames * video.frameRate.den * rate.num) / (video.frameRate.num * rate.den);
  const frames = Math.max(ENCODED_REORDER_FRAMES, Math.ceil(sourceFrames - 1e-6));
  return { num: frames * rate.den, den: rate.num };
}
