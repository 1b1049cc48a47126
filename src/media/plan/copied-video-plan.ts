// Whether video is copied (passed through) instead of transcoded, and where its segment boundaries are: a pure function of the facts, equal in
// every process.
import { segmentRates, type BitRates } from '../model/byte-positions.ts';
import type { VideoTrack } from '../model/description.ts';
import type { KeyframeTable, MediaFacts } from '../model/facts.ts';
import { snapTime, toTimeline } from '../model/media-clock.ts';
import { lastFrameEnd } from '../model/presentation-span.ts';
import { fineTimescale } from '../model/samples.ts';
import type { Timeline } from '../model/timeline.ts';
import type { CopiedVideo, VideoCut } from '../model/rendition-track.ts';
import type { VideoCopies } from './capabilities.ts';
import type { Reason, ReasonCode } from './reason.ts';

/** The video is cut at the first keyframe in each period of this length. */
const TARGET_SECONDS = 6;

/** During the first `START_SECONDS`, the video is cut at every keyframe at least `START_SPACING_SECONDS` after the last cut. */
const START_SECONDS = 10;
const START_SPACING_SECONDS = 1;

/** A longer group of pictures makes the player wait, so such video is encoded. */
const MAX_GROUP_SECONDS = 12;

export interface CopiedVideoPlan {
  track: CopiedVideo;
  timeline: Timeline;
  /** One cut for each segment. */
  cuts: VideoCut[];
  /** Undefined where the container states no byte positions. */
  rates: BitRates | undefined;
}

/** The byte of an avcC record that states the level. */
const AVC_LEVEL_OFFSET = 3;

/** The reasons why the video cannot be copied for a client; empty when it can. */
export function reasonsToEncodeVideo(facts: MediaFacts, copies: VideoCopies): Reason[] {
  const { video } = facts.description;
  if (!video) return [];
  const isKnown = copies.codecs.includes(video.codec);
  return [
    ...(isKnown ? [] : [because('video-codec', `${video.codec} video does not play everywhere`)]),
    ...reasonsOfCoding(facts, video),
    ...(isKnown ? [...reasonsOfClient(facts, video, copies), ...reasonsOfCuts(facts, video)] : []),
  ];
}

/** Reasons that hold for every client. */
function reasonsOfCoding({ table }: MediaFacts, video: VideoTrack): Reason[] {
  const reasons: Reason[] = [];
  if (video.interlaced) reasons.push(because('video-interlaced', 'the video is interlaced'));
  if (video.hasDecodeTimesOnly || table?.hasUntimed)
    reasons.push(because('video-no-presentation-times', 'the file does not say when its pictures are shown'));
  if (table?.hasChanges) reasons.push(because('video-changes', 'the coding of the video changes on the way'));
  return reasons;
}

function reasonsOfClient(facts: MediaFacts, video: VideoTrack, copies: VideoCopies): Reason[] {
  const { bitDepth = video.bitDepth, chroma = video.chroma, maxLevel, maxHoldSeconds, minFrameRate } = copies;
  const reasons: Reason[] = [];
  if (!video.codecString) reasons.push(because('video-no-parameter-sets', 'the video states no parameter sets'));
  if (video.bitDepth !== bitDepth || video.chroma !== chroma)
    reasons.push(because('video-format', `${video.bitDepth} bit ${video.chroma} video does not play everywhere`));
  if (video.codec === 'h264' && (video.configuration[AVC_LEVEL_OFFSET] ?? 0) > maxLevel)
    reasons.push(because('video-level', `H.264 above level ${maxLevel / 10} does not play on the device`));
  if ((facts.videoStartSeconds ?? 0) > maxHoldSeconds)
    reasons.push(because('video-starts-late', 'the sound begins long before the picture'));
  if (video.frameRate.num < minFrameRate * video.frameRate.den)
    reasons.push(because('video-frame-rate', 'the picture changes too rarely'));
  return reasons;
}

function reasonsOfCuts(facts: MediaFacts, video: VideoTrack): Reason[] {
  const { table } = facts;
  const reasons: Reason[] = [];
  if (video.rotationDegrees !== 0) reasons.push(because('video-rotated', 'the picture must be turned upright'));
  if (!table) reasons.push(because('video-no-index', 'the file has no index of its keyframes'));
  else if (table.isEdited) reasons.push(because('video-edited', 'its edit list cuts between keyframes'));
  else if (!table.startsClean)
    reasons.push(because('video-keyframes-unusable', 'the video cannot be cut at its keyframes'));
  else if (longestGroup(facts, table, video) > MAX_GROUP_SECONDS)
    reasons.push(because('video-keyframes-far', 'its keyframes are too far apart'));
  return reasons;
}

function because(code: ReasonCode, sentence: string): Reason {
  return { code, sentence };
}

export function noDecoderFor({ codec }: VideoTrack): string {
  return `There is no decoder for ${codec} video`;
}

function longestGroup(facts: MediaFacts, table: KeyframeTable, video: VideoTrack): number {
  const secondsOf = (ticks: number) => (ticks * video.timeBase.num) / video.timeBase.den;
  const [first = 0] = table.keyframes;
  const start = facts.videoStartSeconds ?? 0;
  const last = start + secondsOf((table.keyframes.at(-1) ?? first) - first);
  const second = start + secondsOf((table.keyframes[1] ?? first) - first);
  let longest = Math.max(second, lastFrameEnd(facts) - last);
  // No spread into Math.max: intra-only video has more keyframes than a call may have arguments.
  for (const [index, ticks] of table.keyframes.entries()) {
    longest = Math.max(longest, secondsOf(ticks - (table.keyframes[index - 1] ?? ticks)));
  }
  return longest;
}

/** The plan of the copy; undefined when there are reasons to encode. */
export function planCopiedVideo(facts: MediaFacts, copies: VideoCopies): CopiedVideoPlan | undefined {
  const { table } = facts;
  const { video } = facts.description;
  if (!video || !table || reasonsToEncodeVideo(facts, copies).length) return undefined;
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
  const end = Math.max(Math.round(lastFrameEnd(facts) * timescale), last + 1);
  const boundaries = [0, ...cuts.slice(1).map((cut) => cut.ticks), grid ? snapTime(end, timescale, grid) : end];
  return {
    track: {
      kind: 'copied',
      streamIndex: video.streamIndex,
      codec: video.codec,
      timescale,
      frameGrid: grid,
      mustBeIdr: copies.startsWithIdr,
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
  /** The index of the keyframe in the table. */
  index: number;
  keyframe: number;
  ticks: number;
}

/** Cuts on an absolute grid: a cut does not depend on earlier cuts, except for the minimum spacing at the start. */
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
