// Byte counts before each keyframe, from which the bit rates of copied segments follow without reading them (pure).
import type { Timeline } from './timeline.ts';

export interface BytePositions {
  /** Bytes before each keyframe of the table, then one more entry: all bytes. Ascending. */
  atKeyframes: number[];
  /** True: bytes of the file, including all tracks (Matroska cues). False: bytes of the video's own frames. */
  ofAllTracks: boolean;
}

export interface BitRates {
  /** The highest rate of a segment, bits per second. */
  peak: number;
  average: number;
}

/**
 * Rates of segments that begin with the keyframes `first[n]` (indexes of the table). `otherBitRate`: the rate of the other tracks, subtracted
 * when the positions include them. Undefined without positions.
 */
export function segmentRates(
  timeline: Timeline,
  first: readonly number[],
  { positions, otherBitRate }: { positions: BytePositions | undefined; otherBitRate: number },
): BitRates | undefined {
  if (!positions) return undefined;
  const { atKeyframes, ofAllTracks } = positions;
  const other = ofAllTracks ? otherBitRate : 0;
  let peak = 0;
  for (const [n, keyframe] of first.entries()) {
    const end = atKeyframes[first[n + 1] ?? atKeyframes.length - 1] ?? 0;
    const ticks = (timeline.boundaries[n + 1] ?? 0) - (timeline.boundaries[n] ?? 0);
    peak = Math.max(peak, rateOf(end - (atKeyframes[keyframe] ?? 0), ticks / timeline.timescale) - other);
  }
  const span = ((timeline.boundaries.at(-1) ?? 0) - (timeline.boundaries[0] ?? 0)) / timeline.timescale;
  const average = rateOf((atKeyframes.at(-1) ?? 0) - (atKeyframes[0] ?? 0), span) - other;
  return peak > 0 && average > 0 ? { peak, average: Math.min(average, peak) } : undefined;
}

function rateOf(bytes: number, seconds: number): number {
  return seconds > 0 ? (bytes * 8) / seconds : 0;
}
