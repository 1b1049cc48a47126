// The start and end of a presentation, which holds all of its video and of every audio track on one timeline (pure).
//
// The presentation begins with the earliest track. If audio begins first, the first frame stays on screen until the second; if audio ends last,
// the last frame stays to the end. Subtitles do not count: one stray cue would add hours.
import type { Rational } from '../../base/rational.ts';
import type { AudioTrack } from './description.ts';
import type { MediaFacts } from './facts.ts';
import { reducedFraction } from './reduced-fraction.ts';
import type { Origin } from './rendition-track.ts';

/** Encoder priming: audio that begins before the first frame by at most this is cut off at that frame. */
const LEAD_TOLERANCE_SECONDS = 0.05;

/** If audio begins earlier, up to this much of it is cut off instead of one more frame being prepended: the priming of AAC, 1024 samples. */
const PRIMING_SECONDS = 0.025;

/** Audio that ends after the video by at most this does not extend the last frame. */
const TAIL_TOLERANCE_SECONDS = 0.1;

/** Ticks of a faster clock would exceed the range of exact integers. */
const MAX_TICKS_PER_SECOND = 1e9;

export interface FirstFrame {
  /** Presentation time of the first frame, ticks of `timeBase`. */
  ticks: number;
  timeBase: Rational;
  frameRate: Rational;
}

/**
 * The presentation's zero: the first frame, or a whole number of frames earlier if audio begins before it, so that frames keep their grid.
 * `audioSeconds`: the start of each audio track on the demuxer's clock.
 */
export function presentationOrigin(first: FirstFrame, audioSeconds: readonly number[]): Origin {
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

/**
 * The zero of a presentation without video. A start before zero is the priming of an encoder, which is cut off. In MPEG it is a clock of 33 bits
 * that wraps to zero later on: libavformat counts back from there.
 */
export function audioOrigin(
  { startTicks, timeBase }: Pick<AudioTrack, 'startTicks' | 'timeBase'>,
  container: string,
): Origin {
  return { ticks: container.startsWith('mpeg') ? startTicks : Math.max(startTicks, 0), timeBase };
}

/** Ticks per second of a clock on which both timestamps and frame times are exact. */
function clockOf(timeBase: Rational, frameRate: Rational): number {
  const one = reducedFraction(timeBase).den;
  const other = reducedFraction(frameRate).num;
  return (one * other) / (one / reducedFraction({ num: one, den: other }).num);
}

/** End of the last frame in seconds: the end of the presentation, or of the video if the two lie within the tolerance. */
export function lastFrameEnd({
  durationSeconds,
  videoSeconds = durationSeconds,
}: Pick<MediaFacts, 'durationSeconds' | 'videoSeconds'>): number {
  return durationSeconds - videoSeconds <= TAIL_TOLERANCE_SECONDS ? videoSeconds : durationSeconds;
}

export function secondsOf(ticks: number, timeBase: Rational): number {
  return (ticks * timeBase.num) / timeBase.den;
}
