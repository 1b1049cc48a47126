// The plan of a rendition: its tracks, its timeline and the job for each segment. Pure: equal facts give equal plans.
import { digest } from '../../base/digest.ts';
import type { AudioPlan } from './audio-plan.ts';
import { framesWithin } from './audio-plan.ts';
import type { CopiedVideoPlan } from './copied-video-plan.ts';
import type { EncodedVideoPlan } from './encoded-video-plan.ts';
import type { ScheduledRendition } from './scheduled-rendition.ts';
import { segmentCount, segmentSeconds, segmentTicks } from '../model/timeline.ts';
import type { Timeline } from '../model/timeline.ts';
import type { Origin, SegmentFormat } from '../model/rendition-track.ts';
import type { SegmentJob, WorkerInput } from '../worker/protocol/protocol.ts';

/** Part of every rendition key, so that segments of another version of the engine are not used. */
const ENGINE_VERSION = 5;

const TS_TICKS_PER_SECOND = 90_000;
/** 100 us: more than the rounding to ticks and microseconds. */
const TS_LEAD_TICKS = 9;

export interface RenditionParts {
  name: string;
  format: SegmentFormat;
  video: CopiedVideoPlan | EncodedVideoPlan | undefined;
  audio: AudioPlan | undefined;
}

export interface PlannedSource {
  id: string;
  input: WorkerInput;
  origin: Origin;
}

export interface RenditionPlan extends RenditionParts {
  timeline: Timeline;
  /** The timeline that playlists state. */
  playlistTimeline: Timeline;
  scheduled: ScheduledRendition;
}

/** Segments follow the timeline of the video, or of the audio in a rendition without video. @throws TypeError without tracks */
export function planRendition(source: PlannedSource, parts: RenditionParts): RenditionPlan {
  const timeline = parts.video?.timeline ?? parts.audio?.timeline;
  if (!timeline) throw new TypeError('a rendition needs video or audio');
  const key = keyOf(source, parts, timeline);
  const secondsOf = (number: number) => segmentSeconds(timeline, number);
  return {
    ...parts,
    timeline,
    playlistTimeline: playlistTimeline(parts, timeline),
    scheduled: {
      name: parts.name,
      sourceId: source.id,
      key,
      format: parts.format,
      work: parts.video?.track.kind === 'encoded' ? 'run' : 'short',
      medium: parts.video ? 'video' : 'audio',
      count: segmentCount(timeline),
      secondsOf,
      jobFor: (number) => ({
        kind: 'segment',
        input: source.input,
        origin: source.origin,
        format: parts.format,
        number,
        video: parts.video && videoPart(parts.video, number),
        audio: parts.audio && audioPart(parts.audio, { number, timeline, hasVideo: parts.video !== undefined }),
        renditionKey: key,
      }),
    },
  };
}

/**
 * In MPEG-TS the first segment begins with DTS = PTS, all others with DTS = PTS - D. Some players count segments by decode time (libavformat:
 * first DTS + sum of EXTINF; hls.js: the first DTS it loads). They are exact when EXTINF counts decode time too, so boundaries lie D earlier.
 * They lie another `TS_LEAD_TICKS` earlier, because libavformat drops a keyframe whose DTS on the wire, a whole tick, is before the boundary.
 */
export function playlistTimeline(
  { format, video }: Pick<RenditionParts, 'format' | 'video'>,
  timeline: Timeline,
): Timeline {
  if (format !== 'mpegts' || video === undefined) return timeline;
  const { track } = video;
  const reorderFrames = track.kind === 'copied' ? track.reorderFrames : 0;
  const reorderTicks = (reorderFrames * TS_TICKS_PER_SECOND * track.frameRate.den) / track.frameRate.num;
  const last = timeline.boundaries.length - 1;
  const boundaries = timeline.boundaries.map((ticks) => (ticks * TS_TICKS_PER_SECOND) / timeline.timescale);
  const first = boundaries[0] ?? 0;
  const shifted = boundaries.map((ticks, i) =>
    i === 0 || i === last ? ticks : Math.max(Math.floor(ticks - reorderTicks) - TS_LEAD_TICKS, first + i),
  );
  return { timescale: TS_TICKS_PER_SECOND, boundaries: shifted };
}

function videoPart(plan: CopiedVideoPlan | EncodedVideoPlan, number: number): NonNullable<SegmentJob['video']> {
  const cut = 'cuts' in plan ? plan.cuts[number] : undefined;
  return { track: plan.track, ...segmentTicks(plan.timeline, number), cut };
}

function audioPart(
  plan: AudioPlan,
  segment: { number: number; timeline: Timeline; hasVideo: boolean },
): NonNullable<SegmentJob['audio']> {
  const { number, timeline, hasVideo } = segment;
  if (!hasVideo) return { track: plan.track, ...segmentTicks(plan.timeline, number) };
  const { start, end } = segmentSeconds(timeline, number);
  const isLast = number === segmentCount(timeline) - 1;
  const span = framesWithin(plan, { startSeconds: start, endSeconds: end });
  const last = plan.timeline.boundaries.at(-1) ?? span.end;
  return { track: plan.track, start: span.start, end: isLast ? Math.max(last, span.start) : span.end };
}

function keyOf(source: PlannedSource, parts: RenditionParts, timeline: Timeline): string {
  const identity = {
    version: ENGINE_VERSION,
    source: source.id,
    format: parts.format,
    origin: source.origin,
    video: parts.video?.track,
    audio: parts.audio?.track,
    phase: parts.audio?.phaseSamples,
    timeline,
  };
  const text = JSON.stringify(identity, (_, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value,
  );
  return digest(text);
}
