// Decode times for MPEG-TS, derived from presentation times alone, so that segments made in any order join.

/** Decode times of frames in decode order, 90 kHz. */
export interface DecodeTimesOptions {
  /** Presentation times in decode order. */
  pts: readonly number[];
  /** D: how far decode times run ahead, a constant of the source of `reorderDepth` frames. */
  reorderTicks: number;
  /** The first segment of the presentation starts with DTS = PTS, because hls.js binds its timeline to the first DTS it reads. */
  isFirst: boolean;
}

/**
 * `sorted(pts)[i] - D`, lowered where needed so that it rises strictly and stays at or before its PTS.
 * The lowering makes any D legal; if D is at least the reorder depth, decode times rise across segments too.
 */
export function decodeTimes({ pts, reorderTicks, isFirst }: DecodeTimesOptions): number[] {
  const order = Float64Array.from(pts).sort();
  const times = new Array<number>(pts.length);
  let next = Infinity;
  for (let index = pts.length - 1; index >= 0; index--) {
    next = Math.min((order[index] ?? 0) - reorderTicks, pts[index] ?? 0, next - 1);
    times[index] = next;
  }
  const start = order[0] ?? 0;
  for (let index = 0; isFirst && index < times.length && (times[index] ?? 0) < start + index; index++)
    times[index] = start + index;
  return times;
}

/** Frames by which decoding runs ahead of presentation: the maximum of `index in decode order - rank of the PTS`; 0 without reordering. */
export function reorderDepth(pts: readonly number[]): number {
  const byTime = Array.from(pts.keys()).sort((a, b) => (pts[a] ?? 0) - (pts[b] ?? 0));
  let depth = 0;
  for (const [rank, index] of byTime.entries()) depth = Math.max(depth, index - rank);
  return depth;
}
