// The boundaries of a rendition's segments: playlists and segment jobs use the same table.

/** Segment n covers `[boundaries[n], boundaries[n + 1])`, in ticks of `1 / timescale` seconds from the start of the presentation. */
export interface Timeline {
  timescale: number;
  /** Ascending; one more than there are segments. */
  boundaries: number[];
}

export function segmentCount(timeline: Timeline): number {
  return Math.max(0, timeline.boundaries.length - 1);
}

/** `[start, end)` of segment n in ticks. @throws RangeError when there is no such segment */
export function segmentTicks(timeline: Timeline, number: number): { start: number; end: number } {
  const start = timeline.boundaries[number];
  const end = timeline.boundaries[number + 1];
  if (start === undefined || end === undefined) throw new RangeError(`no segment ${number}`);
  return { start, end };
}

export function segmentSeconds(timeline: Timeline, number: number): { start: number; end: number } {
  const { start, end } = segmentTicks(timeline, number);
  return { start: start / timeline.timescale, end: end / timeline.timescale };
}
