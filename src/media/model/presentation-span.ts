// Where a presentation begins and ends: it holds all of its video and of every audio track, on one timeline (pure: facts in, times out).
//
// It begins with the earliest of them. Where sound comes first, the first picture stands until the second; where it lasts longer, the last
// picture stands to the end. Subtitles do not count: a stray line would make a film hours longer.
import type { Rational } from '../../base/rational.ts';
import type { MediaFacts } from './facts.ts';
import { reducedFraction } from './reduced-fraction.ts';
import type { Origin } from './rendition-track.ts';

/** Priming of encoders: sound that begins before the first picture by no more than this is cut off there. */
const LEAD_TOLERANCE_SECONDS = 0.05;

/** Where sound begins earlier, this much of it is cut off rather than another frame put before: the priming of AAC, 1024 samples. */
const PRIMING_SECONDS = 0.025;

/** Sound that ends after the picture by no more than this does not prolong the picture. */
const TAIL_TOLERANCE_SECONDS = 0.1;

/** Larger clocks would leave the range of exact integers. */
const MAX_TICKS_PER_SECOND = 1e9;

export interface FirstPicture {
  /** The first picture shown, ticks of `timeBase`. */
  ticks: number;
  timeBase: Rational;
  frameRate: Rational;
}

/**
 * The presentation's zero: the first picture, or where sound begins before it, a whole number of frames earlier, so that pictures keep their grid.
 * `audioSeconds`: where each audio track begins, on the demuxer's clock.
 */
export function presentationOrigin(first: FirstPicture, audioSeconds: readonly number[]): Origin {
  const { ticks, timeBase, frameRate } = first;
  const start = secondsOf(ticks, timeBase);
  const lead = start - Math.min(start, ...audioSeconds);
  if (lead <= LEAD_TOLERANCE_SECONDS) return { ticks, timeBase };
  const frames = Math.ceil(((lead - PRIMING_SECONDS) * frameRate.num) / frameRate.den);
  const clock = clockOf(timeBase, frameRate);
  if (clock > MAX_TICKS_PER_SECOND)
    return {
      ticks: ticks - Math.round((frames * frameRate.den * timeBase.den) / (frameRate.num * timeBase.num)),
      timeBase,
    };
  const ofFrames = (frames * frameRate.den * clock) / frameRate.num;
  return { ticks: (ticks * timeBase.num * clock) / timeBase.den - ofFrames, timeBase: { num: 1, den: clock } };
}

/** Ticks per second of a clock that both the timestamps and the frames are exact on. */
function clockOf(timeBase: Rational, frameRate: Rational): number {
  const one = reducedFraction(timeBase).den;
  const other = reducedFraction(frameRate).num;
  return (one * other) / (one / reducedFraction({ num: one, den: other }).num);
}

/** Where the last picture ceases to be shown, seconds: the end of the presentation, unless the video ends there by itself, or as good as. */
export function pictureEnd({
  durationSeconds,
  videoSeconds = durationSeconds,
}: Pick<MediaFacts, 'durationSeconds' | 'videoSeconds'>): number {
  return durationSeconds - videoSeconds <= TAIL_TOLERANCE_SECONDS ? videoSeconds : durationSeconds;
}

export function secondsOf(ticks: number, timeBase: Rational): number {
  return (ticks * timeBase.num) / timeBase.den;
}
