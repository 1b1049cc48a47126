// Whether video can be copied, and where it is cut: a pure function of the facts, the same in every process.
import { segmentRates, type BitRates } from './byte-positions.ts';
import type { VideoTrack } from './description.ts';
import type { KeyframeTable, MediaFacts } from './facts.ts';
import { snapTime, toTimeline } from './media-clock.ts';
import { pictureEnd } from './presentation-span.ts';
import { fineTimescale } from './samples.ts';
import type { Timeline } from './timeline.ts';
import type { CopiedVideo, VideoCut } from './worker/protocol.ts';

/** Cut at the first keyframe in each of these. */
const TARGET_SECONDS = 6;

/** While playback gets going, cut at every keyframe that is this far from the last cut. */
const START_SECONDS = 10;
const START_SPACING_SECONDS = 1;

/** A longer group of pictures makes the player wait: such a video is encoded instead. */
const MAX_GROUP_SECONDS = 12;

/** In MPEG-TS the clock comes with the pictures: a longer stand of the first one would stop it. */
const MAX_TS_HOLD_SECONDS = 1;

/** Players of MPEG-TS that find a single picture in a segment do not learn its size. */
const MIN_TS_FRAMES_PER_SECOND = 2;

export interface CopiedVideoPlan {
  track: CopiedVideo;
  timeline: Timeline;
  /** One for every segment. */
  cuts: VideoCut[];
  /** Undefined where the container does not tell. */
  rates: BitRates | undefined;
}

/** Codecs with a mapping into CMAF that players know. */
const CMAF_CODECS = ['h264', 'hevc', 'vp9', 'av1'];

export type Route = 'cmaf' | 'mpegts';

/** Why the video cannot be copied on this route, in words; empty when it can. */
export function reasonsToEncode(facts: MediaFacts, route: Route): string[] {
  const { table } = facts;
  const { video } = facts.description;
  if (!video) return [];
  const reasons: string[] = [];
  const codecs = route === 'mpegts' ? ['h264'] : CMAF_CODECS;
  if (!codecs.includes(video.codec)) reasons.push(`${video.codec} video does not play everywhere`);
  if (video.interlaced) reasons.push('the video is interlaced');
  if (video.hasDecodeTimesOnly || table?.hasUntimed) reasons.push('the file does not say when its pictures are shown');
  if (table?.hasChanges) reasons.push('the coding of the video changes on the way');
  if (!codecs.includes(video.codec)) return reasons;
  if (!video.codecString) reasons.push('the video states no parameter sets');
  if (route === 'mpegts' && (video.bitDepth !== 8 || video.chroma !== '4:2:0'))
    reasons.push(`${video.bitDepth} bit ${video.chroma} video does not play everywhere`);
  if (route === 'mpegts' && (facts.videoStartSeconds ?? 0) > MAX_TS_HOLD_SECONDS)
    reasons.push('the sound begins long before the picture');
  if (route === 'mpegts' && video.frameRate.num < MIN_TS_FRAMES_PER_SECOND * video.frameRate.den)
    reasons.push('the picture changes too rarely');
  if (video.rotationDegrees !== 0) reasons.push('the picture must be turned upright');
  if (!table) reasons.push('the file has no index of its keyframes');
  else if (table.isEdited) reasons.push('its edit list cuts between keyframes');
  else if (!table.startsClean) reasons.push('the video cannot be cut at its keyframes');
  else if (longestGroup(facts, table, video) > MAX_GROUP_SECONDS) reasons.push('its keyframes are too far apart');
  return reasons;
}

/** Why the picture is left out, in a sentence; undefined when it is shown, or there is none. What is copied needs no decoder. */
export function whyNoPicture(facts: MediaFacts): string | undefined {
  const { video } = facts.description;
  if (!video || video.isDecodable || !reasonsToEncode(facts, 'cmaf').length) return undefined;
  return noDecoderFor(video);
}

export function noDecoderFor({ codec }: VideoTrack): string {
  return `There is no decoder for ${codec} video.`;
}

function longestGroup(facts: MediaFacts, table: KeyframeTable, video: VideoTrack): number {
  const secondsOf = (ticks: number) => (ticks * video.timeBase.num) / video.timeBase.den;
  const [first = 0] = table.keyframes;
  const start = facts.videoStartSeconds ?? 0;
  const last = start + secondsOf((table.keyframes.at(-1) ?? first) - first);
  const second = start + secondsOf((table.keyframes[1] ?? first) - first);
  let longest = Math.max(second, pictureEnd(facts) - last);
  // No spread into Math.max: an intra-only film has more keyframes than a call may have arguments.
  for (const [index, ticks] of table.keyframes.entries()) {
    longest = Math.max(longest, secondsOf(ticks - (table.keyframes[index - 1] ?? ticks)));
  }
  return longest;
}

/** The plan; undefined when there are reasons to encode. */
export function planCopiedVideo(facts: MediaFacts, route: Route): CopiedVideoPlan | undefined {
  const { table } = facts;
  const { video } = facts.description;
  if (!video || !table || reasonsToEncode(facts, route).length) return undefined;
  const grid = table.frameGrid;
  const timescale = fineTimescale(grid?.num ?? Math.round(video.timeBase.den / video.timeBase.num));
  const ticksOf = (keyframe: number) => {
    const exact = toTimeline(keyframe, video.timeBase, { origin: facts.origin, timescale });
    return grid ? snapTime(exact, timescale, grid) : exact;
  };
  const cuts = chooseCuts(
    table.keyframes.map((keyframe, index) => ({ index, keyframe, ticks: ticksOf(keyframe) })),
    timescale,
  );
  const last = cuts.at(-1)?.ticks ?? 0;
  const end = Math.max(Math.round(pictureEnd(facts) * timescale), last + 1);
  const boundaries = [0, ...cuts.slice(1).map((cut) => cut.ticks), grid ? snapTime(end, timescale, grid) : end];
  return {
    track: {
      kind: 'copied',
      streamIndex: video.streamIndex,
      codec: video.codec,
      timescale,
      frameGrid: grid,
      mustBeIdr: route === 'mpegts',
      reorderFrames: video.reorderFrames,
      frameRate: video.frameRate,
      configuration: video.configuration,
    },
    timeline: { timescale, boundaries },
    cuts: cuts.map((cut, i) => ({ fromTicks: cut.keyframe, toTicks: cuts[i + 1]?.keyframe })),
    rates: segmentRates(
      { timescale, boundaries },
      cuts.map((cut) => cut.index),
      {
        positions: table.positions,
        otherBitRate: facts.description.audio.reduce((sum, { bitRate = 0 }) => sum + bitRate, 0),
      },
    ),
  };
}

interface Cut {
  /** In the table of keyframes. */
  index: number;
  keyframe: number;
  ticks: number;
}

/** An absolute grid: what is cut does not depend on what was cut before, but for the minimum spacing at the start. */
function chooseCuts(keyframes: Cut[], timescale: number): Cut[] {
  const cuts: Cut[] = [];
  let last = -Infinity;
  for (const candidate of keyframes) {
    const time = candidate.ticks / timescale;
    const isCut =
      time < START_SECONDS
        ? time - last >= START_SPACING_SECONDS
        : Math.floor(time / TARGET_SECONDS) !== Math.floor(last / TARGET_SECONDS);
    if (!isCut) continue;
    cuts.push(candidate);
    last = time;
  }
  return cuts;
}
