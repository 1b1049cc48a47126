// The media playlist of one rendition (RFC 8216 section 4.3.3): the whole timeline as VOD, written at once.
import type { SegmentFormat } from '../media/model/rendition-track.ts';
import type { Timeline } from '../media/model/timeline.ts';
import { quotable, startTag } from './attribute-list.ts';

export interface MediaPlaylistOptions {
  format: SegmentFormat;
  timeline: Timeline;
  /** Equal in every media playlist of a presentation (section 6.2.4). Raised when a segment is longer. */
  targetDurationSeconds: number;
  /** Whether every segment can be decoded alone. */
  isIndependent: boolean;
  /** Relative URI of segment n. */
  segmentUri(number: number): string;
  /** Relative URI of the init section; for `cmaf` only. */
  initUri?: string;
  /** Position at which players start (EXT-X-START). */
  startSeconds?: number | undefined;
}

/** EXT-X-MAP in a playlist without EXT-X-I-FRAMES-ONLY requires version 6 (section 7); every CMAF packager writes 7. */
const CMAF_VERSION = 7;
/** Floating-point EXTINF requires version 3. */
const TS_VERSION = 3;
const MICROSECONDS = 1_000_000;

export function mediaPlaylist(options: MediaPlaylistOptions): string {
  const durations = segmentDurations(options.timeline);
  const lines = ['#EXTM3U', `#EXT-X-VERSION:${options.format === 'cmaf' ? CMAF_VERSION : TS_VERSION}`];
  lines.push(`#EXT-X-TARGETDURATION:${targetDuration(options.targetDurationSeconds, durations)}`);
  lines.push('#EXT-X-MEDIA-SEQUENCE:0', '#EXT-X-PLAYLIST-TYPE:VOD');
  if (options.isIndependent) lines.push('#EXT-X-INDEPENDENT-SEGMENTS');
  if (options.startSeconds !== undefined) lines.push(startTag(options.startSeconds));
  if (options.initUri !== undefined) lines.push(`#EXT-X-MAP:URI="${quotable(options.initUri)}"`);
  durations.forEach((microseconds, number) => {
    lines.push(`#EXTINF:${decimals(microseconds)},`, options.segmentUri(number));
  });
  lines.push('#EXT-X-ENDLIST', '');
  return lines.join('\n');
}

/**
 * Differences of rounded absolute times, in microseconds: the sum of any number of them is the rounded duration. Boundaries between segments
 * are rounded down: libavformat adds the durations up and, after a seek, drops a keyframe whose DTS is a microsecond before the sum.
 */
function segmentDurations(timeline: Timeline): number[] {
  const last = timeline.boundaries.length - 1;
  const rounded = timeline.boundaries.map((ticks, number) => {
    const microseconds = (ticks * MICROSECONDS) / timeline.timescale;
    return number === last ? Math.round(microseconds) : Math.floor(microseconds);
  });
  return rounded.slice(1).map((end, number) => end - (rounded[number] ?? 0));
}

/** No EXTINF, rounded to the nearest integer, may exceed the target duration (section 4.3.3.1). */
function targetDuration(wantedSeconds: number, durations: number[]): number {
  const longest = durations.reduce((most, each) => Math.max(most, Math.round(each / MICROSECONDS)), 1);
  return Math.max(Math.ceil(wantedSeconds), longest);
}

function decimals(microseconds: number): string {
  const whole = Math.floor(microseconds / MICROSECONDS);
  return `${whole}.${String(microseconds - whole * MICROSECONDS).padStart(6, '0')}`;
}
