// What the scheduler needs of a rendition to make its segments in any order.
import type { StoredRendition } from '../model/rendition-track.ts';
import type { SegmentJob } from '../worker/protocol/protocol.ts';

export interface ScheduledRendition extends StoredRendition {
  /** The name in the log: `original`, `1080p`, `muxed-0`. */
  name: string;
  /** `run`: a video encoder goes on from one segment to the next. `short`: one short job for each segment, in any order; it may encode audio. */
  work: 'short' | 'run';
  /** A rendition with video is `video`. A newer request of a viewer replaces an older one of the same medium. */
  medium: 'video' | 'audio';
  /** Number of segments. */
  count: number;
  /** `[start, end)` of a segment in seconds of the presentation. */
  secondsOf(number: number): { start: number; end: number };
  /** The job that makes a segment, without the output path. */
  jobFor(number: number): Omit<SegmentJob, 'outputPath'>;
}

export function lengthSeconds(rendition: ScheduledRendition, number: number): number {
  const { start, end } = rendition.secondsOf(number);
  return end - start;
}

/** Segments `[from, to)` that touch the time from `before` seconds before segment `number` to `after` seconds after it. */
export function segmentsAround(
  rendition: ScheduledRendition,
  number: number,
  { before, after }: { before: number; after: number },
): { from: number; to: number } {
  const { start, end } = rendition.secondsOf(number);
  let from = number;
  while (from > 0 && rendition.secondsOf(from - 1).end > start - before) from -= 1;
  let to = number + 1;
  while (to < rendition.count && rendition.secondsOf(to).start < end + after) to += 1;
  return { from, to };
}
