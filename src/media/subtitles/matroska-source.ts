// A Matroska source during the read of a subtitle track: its readers, the wanted track, and the conversion of blocks to events.
import type { Rational } from '../../base/rational.ts';
import type { SegmentLayout } from '../index/matroska/matroska-segment.ts';
import { toTimeline } from '../model/media-clock.ts';
import type { Origin } from '../model/rendition-track.ts';
import type { SubtitleEvent } from './cue.ts';
import type { SubtitleReaders } from './subtitle-readers.ts';
import type { SubtitleBlock } from './matroska-block.ts';
import type { MatroskaSubtitleTrack } from './matroska-track.ts';

export interface WantedTrack {
  /** Index among the subtitle tracks. */
  ordinal: number;
  origin: Origin;
  maxEvents: number;
  maxEventBytes: number;
  /** Whether the whole source may be walked when its cues do not list the track. */
  mayWalk: boolean;
  /** Cues from this time on are read first, milliseconds; clusters are always walked from the start. */
  fromMs: number;
}

export interface MatroskaSource extends WantedTrack, SubtitleReaders {
  layout: SegmentLayout;
  track: MatroskaSubtitleTrack;
  timeBase: Rational;
}

/** The event of a block; undefined when it is damaged. `time`: segment ticks. */
export function eventOf(source: MatroskaSource, block: SubtitleBlock, time: number): SubtitleEvent | undefined {
  const payload = source.track.unpack(block.payload);
  if (!payload) return undefined;
  const startMs = toMs(source, time);
  const { defaultDurationMs } = source.track;
  const impliedMs = defaultDurationMs === undefined ? undefined : startMs + Math.round(defaultDurationMs);
  return {
    startMs,
    endMs: block.duration === undefined ? impliedMs : toMs(source, time + block.duration),
    payload,
    ...(block.addition && { addition: block.addition }),
  };
}

/** Milliseconds of the timeline. */
export function toMs({ timeBase, origin }: MatroskaSource, ticks: number): number {
  return toTimeline(ticks, timeBase, { origin, timescale: 1000 });
}
