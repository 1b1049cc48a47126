// A Matroska film as its lines are read: how to read it, which track is wanted, and what a block of it means.
import type { Rational } from '../../base/rational.ts';
import type { SegmentLayout } from '../index/matroska/matroska-segment.ts';
import { toTimeline } from '../model/media-clock.ts';
import type { Origin } from '../model/rendition-track.ts';
import type { SubtitleEvent } from './cue.ts';
import type { FilmReaders } from './subtitle-readers.ts';
import type { SubtitleBlock } from './matroska-block.ts';
import type { MatroskaSubtitleTrack } from './matroska-track.ts';

export interface WantedTrack {
  /** Among the subtitle tracks. */
  ordinal: number;
  origin: Origin;
  maxEvents: number;
  maxEventBytes: number;
  /** Whether the film may be walked through when its cues do not list the track. */
  mayWalk: boolean;
  /** Cues from here on are read first, milliseconds; clusters are walked from the start in any case. */
  fromMs: number;
}

export interface Film extends WantedTrack, FilmReaders {
  layout: SegmentLayout;
  track: MatroskaSubtitleTrack;
  timeBase: Rational;
}

/** Undefined for what is damaged. `time`: segment ticks. */
export function eventOf(film: Film, block: SubtitleBlock, time: number): SubtitleEvent | undefined {
  const payload = film.track.unpack(block.payload);
  if (!payload) return undefined;
  const startMs = toMs(film, time);
  const { defaultDurationMs } = film.track;
  const impliedMs = defaultDurationMs === undefined ? undefined : startMs + Math.round(defaultDurationMs);
  return {
    startMs,
    endMs: block.duration === undefined ? impliedMs : toMs(film, time + block.duration),
    payload,
    ...(block.addition && { addition: block.addition }),
  };
}

/** Milliseconds of the timeline. */
export function toMs({ timeBase, origin }: Film, ticks: number): number {
  return toTimeline(ticks, timeBase, { origin, timescale: 1000 });
}
