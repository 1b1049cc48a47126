// The ladder of encoded renditions: sizes, bit rates and the frame grid, derived from the shape of the source.
import type { Rational } from '../../base/rational.ts';
import { assumedColor, encodedColor } from '../model/color.ts';
import type { VideoTrack } from '../model/description.ts';
import type { MediaFacts } from '../model/facts.ts';
import type { VideoEncodes } from './capabilities.ts';
import type { CopiedVideoPlan } from './copied-video-plan.ts';
import { encodedRate } from '../model/frame-rate.ts';
import { lastFrameEnd } from '../model/presentation-span.ts';
import type { Timeline } from '../model/timeline.ts';
import { X264, type EncodedVideo } from '../model/rendition-track.ts';

interface Rung {
  name: string;
  width: number;
  height: number;
  maxBitRate: number;
}

/** 16:9 boxes that frames are fitted into; frames are never enlarged. */
const RUNGS: readonly Rung[] = [
  { name: '1080p', width: 1920, height: 1080, maxBitRate: 6_000_000 },
  { name: '720p', width: 1280, height: 720, maxBitRate: 3_000_000 },
  { name: '480p', width: 854, height: 480, maxBitRate: 1_500_000 },
  { name: '360p', width: 640, height: 360, maxBitRate: 800_000 },
];

const SEGMENT_SECONDS = 2;

/** The first segments are short and encoded with less effort, so that playback starts early. */
const SHORT_SEGMENTS = 4;
const SHORT_SECONDS = 1;

/** Codecs in which fields and progressive frames often alternate; the deinterlacer does not change frames that are marked progressive. */
const MIXED_CODECS = ['mpeg2video', 'vc1', 'dvvideo'];

export interface EncodedVideoPlan {
  name: string;
  track: EncodedVideo;
  timeline: Timeline;
}

export interface LadderOptions extends Pick<VideoEncodes, 'bFrames' | 'crf' | 'bitRateFactor' | 'startsFast'> {
  /** The copied video of the same source: every boundary of its segments is a boundary of the ladder. */
  original?: Pick<CopiedVideoPlan, 'timeline'> | undefined;
}

interface Size {
  width: number;
  height: number;
}

/** The upright size in square pixels. */
export function displaySize(video: VideoTrack): Size {
  const { num, den } = video.sampleAspectRatio;
  const width = Math.round((video.width * num) / den);
  return video.rotationDegrees % 180 === 0 ? { width, height: video.height } : { width: video.height, height: width };
}

/** A frame of at least this part of a rung's size belongs to the rung: the black bars of films are often cropped. */
const NEARLY = 0.9;

/** The rungs not larger than the source, plus a rung of its own size (up to 1080p) when all others would shrink it; empty without a decoder. */
export function planLadder(facts: MediaFacts, options: LadderOptions): EncodedVideoPlan[] {
  const { video } = facts.description;
  if (!video?.isDecodable) return [];
  const size = displaySize(video);
  const rungs = RUNGS.map((rung) => turnedLike(size, rung));
  const fitting = rungs.filter((rung) => rung.height * NEARLY <= size.height || rung.width * NEARLY <= size.width);
  const own = ownRung(size, rungs, fitting[0]);
  return [...own, ...fitting].map((rung) => planRung(facts, video, { ...options, rung }));
}

/** Portrait video gets portrait rungs, named by the short side. */
function turnedLike(size: Size, rung: Rung): Rung {
  return size.height > size.width ? { ...rung, width: rung.height, height: rung.width } : rung;
}

function ownRung(size: Size, rungs: readonly Rung[], top: Rung | undefined): Rung[] {
  const above = rungs.findLast((rung) => rung.height >= size.height && rung.width >= size.width);
  if (!above || (top && fittedScale(size, top) > NEARLY)) return [];
  return [{ ...above, name: `${even(Math.min(size.width, size.height))}p`, width: size.width, height: size.height }];
}

function fittedScale(size: Size, rung: Rung): number {
  return Math.min(1, rung.width / size.width, rung.height / size.height);
}

function planRung(
  facts: MediaFacts,
  video: VideoTrack,
  { rung, bFrames, crf, bitRateFactor, startsFast, original }: LadderOptions & { rung: Rung },
): EncodedVideoPlan {
  const size = displaySize(video);
  const sourceColor = assumedColor(video.color, video);
  const scale = fittedScale(size, rung);
  const frameRate = encodedRate(video.frameRate);
  const timeline = frameTimeline(lastFrameEnd(facts), frameRate, original?.timeline);
  const track: EncodedVideo = {
    kind: 'encoded',
    encoder: X264,
    streamIndex: video.streamIndex,
    hasDecodeTimesOnly: video.hasDecodeTimesOnly,
    frameRate,
    lastFrame: Math.max(0, Math.round(((facts.videoSeconds ?? 0) * frameRate.num) / frameRate.den) - 1),
    width: even(size.width * scale),
    height: even(size.height * scale),
    sampleAspectRatio: { num: 1, den: 1 },
    deinterlace: video.interlaced || MIXED_CODECS.includes(video.codec),
    rotationDegrees: video.rotationDegrees,
    color: encodedColor(sourceColor, video),
    sourceColor,
    crf,
    maxBitRate: rung.maxBitRate * bitRateFactor,
    bFrames,
    level: levelFor(rung, frameRate),
    fastPresetEnd: (startsFast ? timeline.boundaries.slice(0, SHORT_SEGMENTS + 1).at(-1) : undefined) ?? 0,
  };
  return { name: rung.name, track, timeline };
}

/** H.264 Annex A: the lowest level whose macroblock rate and frame size the rung cannot exceed. */
function levelFor(rung: Rung, rate: Rational): number {
  const isFast = rate.num / rate.den > 31;
  if (rung.height > 720) return isFast ? 42 : 40;
  if (rung.height > 480) return isFast ? 32 : 31;
  return isFast ? 31 : 30;
}

/** The peak rate of a segment over the cap of the encode: the rate-control buffer is nearly full when a segment begins. */
export const PEAK_OVER_CAP = 1.45;

/**
 * Boundaries in ticks of the rate's numerator: frame numbers times its denominator. Every boundary of `aligned` becomes a boundary at the nearest
 * frame; segments between them have about the usual length.
 */
function frameTimeline(seconds: number, rate: Rational, aligned?: Timeline): Timeline {
  const total = Math.max(1, Math.round((seconds * rate.num) / rate.den));
  const framesIn = (span: number) => (span * rate.num) / rate.den;
  const frames = [0];
  for (const stop of stopsOf(total, rate, aligned)) {
    const start = frames.at(-1) ?? 0;
    const isAlone = aligned === undefined;
    for (let at = start; at < stop;) {
      const length = framesIn(frames.length <= SHORT_SEGMENTS ? SHORT_SECONDS : SEGMENT_SECONDS);
      const left = stop - at;
      const parts = Math.max(1, Math.ceil(left / length - ROUNDED_UP));
      at += isAlone ? Math.min(left, Math.round(length)) : Math.round(left / parts);
      frames.push(at);
    }
  }
  return { timescale: rate.num, boundaries: frames.map((frame) => frame * rate.den) };
}

/** A remainder of up to this part of a segment is spread over the other segments. */
const ROUNDED_UP = 0.25;

/** Frames that must be boundaries, ascending, including the end. */
function stopsOf(total: number, rate: Rational, aligned: Timeline | undefined): number[] {
  const inner = (aligned?.boundaries ?? [])
    .slice(1, -1)
    .map((ticks) => Math.round((ticks * rate.num) / (rate.den * (aligned?.timescale ?? 1))));
  return [...new Set([...inner.filter((frame) => frame > 0 && frame < total), total])];
}

function even(value: number): number {
  return Math.max(2, 2 * Math.round(value / 2));
}
