// The decode times of the samples of a CMAF segment: a pure function of their presentation times.
//
// A segment begins with decode time = presentation time, so that players agree whether they bind their timeline to the one or the other. Within
// the segment, decoding runs ahead by the reorder delay, so that no composition offset is negative. The last sample lasts to the end. So no edit
// list is needed, which some players ignore, and no sample overlaps the next segment, which would remove frames from a source buffer.
import type { SampleRun } from '../model/samples.ts';

export interface SampleTiming {
  /** Decode time of the first sample, ticks. */
  decodeTime: number;
  durations: number[];
  /** Composition offsets, none of them negative. */
  compositionOffsets: number[];
}

/**
 * Decode times, durations and composition offsets of a run. The durations fill the run up to `run.end`; each is at least one tick.
 * @throws TypeError when the run does not start at a tick
 */
export function sampleTiming(run: SampleRun): SampleTiming {
  const { start, end, samples } = run;
  if (!Number.isSafeInteger(start) || start < 0) throw new TypeError(`a segment cannot start at ${start} ticks`);
  const times = decodeTimes(run);
  return {
    decodeTime: times[0] ?? start,
    durations: times.map((time, index) => Math.max(1, (times[index + 1] ?? end) - time)),
    compositionOffsets: samples.map((sample, index) => Math.max(0, sample.pts - (times[index] ?? 0))),
  };
}

/**
 * The decode time of a segment's first sample: the time of its first presented frame. Leading pictures of an open group are presented before the
 * keyframe and decoded after it: then one tick earlier for each sample up to the first of them. `pts`: in decode order, at least up to the frame
 * that is presented first.
 */
export function firstDecodeTime(pts: readonly number[]): number {
  const earliest = Math.min(...pts);
  return earliest - pts.indexOf(earliest);
}

function decodeTimes({ start, end, samples }: SampleRun): number[] {
  const pts = samples.map((sample) => Math.min(sample.pts, end - 1));
  const count = pts.length;
  if (count === 0) return [];
  const first = Math.max(0, Math.min(start, firstDecodeTime(pts.slice(0, LEADING_LIMIT))));
  if (end - first < count) return pts.map((_, index) => first + index);
  const latest = latestTimes(pts, end);
  const times = spread(pts, { first, latest });
  times[count - 1] = Math.max(times[count - 1] ?? 0, latest[count - 1] ?? 0);
  // No sample is presented beyond the end of the run: presentation time + duration <= end.
  for (let i = count - 2; i > 0; i--)
    times[i] = Math.max(times[i] ?? 0, (times[i + 1] ?? end) - Math.max(1, end - (pts[i] ?? 0)));
  return times;
}

/** The most leading pictures of a keyframe. */
const LEADING_LIMIT = 64;

/** The latest decode time of each sample: no later than the presentation of it and of all later samples, and a tick before the next sample. */
function latestTimes(pts: readonly number[], end: number): number[] {
  const latest = new Array<number>(pts.length);
  let next = end;
  for (let i = pts.length - 1; i >= 0; i--) {
    next = Math.min(pts[i] ?? 0, next - (i === pts.length - 1 ? 0 : 1));
    latest[i] = next;
  }
  return latest;
}

/** The presentation times in order, delayed by the greatest delay that reordering needs; the samples before that point share the time up to it. */
function spread(pts: readonly number[], { first, latest }: { first: number; latest: readonly number[] }): number[] {
  const order = Float64Array.from(pts).sort();
  const delay = order.reduce((most, time, i) => Math.max(most, time - (latest[i] ?? 0)), 0);
  const behind = (i: number) => (order[i] ?? 0) - delay;
  let free = 1;
  while (free < pts.length && behind(free) <= first + free) free++;
  const room = (free < pts.length ? behind(free) : (latest.at(-1) ?? first)) - first;
  let last = first - 1;
  return pts.map((_, i) => {
    const wanted = i < free ? first + Math.floor((i * room) / free) : behind(i);
    last = Math.max(last + 1, Math.min(wanted, latest[i] ?? wanted));
    return last;
  });
}
