// When each sample of a CMAF segment is decoded: a pure function of its presentation times.
//
// A segment begins with decode time = presentation time, so that players which bind their timeline to either agree; within it decoding runs
// ahead by the reorder delay, so that no composition offset is negative; and its last sample lasts to the end. No edit list is needed then,
// which some players ignore, and no sample's own time reaches into the next segment, which would remove pictures from a source buffer.
import type { SampleRun } from '../model/samples.ts';

export interface SampleTiming {
  /** Decode time of the first sample, ticks. */
  decodeTime: number;
  durations: number[];
  /** None is negative. */
  compositionOffsets: number[];
}

/**
 * Decode times, durations and composition offsets of a run. The durations fill the run up to `run.end`, a tick each at least.
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
 * When a segment begins to be decoded: with its first picture shown. Leading pictures of an open group are shown before the keyframe and
 * decoded after it: a tick for each sample up to the first of them. `pts`: in decode order, as far as to the first picture shown at least.
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
  // No sample lasts beyond the end of the run.
  for (let i = count - 2; i > 0; i--)
    times[i] = Math.max(times[i] ?? 0, (times[i + 1] ?? end) - Math.max(1, end - (pts[i] ?? 0)));
  return times;
}

/** More pictures than this do not lead a keyframe. */
const LEADING_LIMIT = 64;

/** The latest decode time of each sample: before it and all after it in decode order are shown, and a tick before the next. */
function latestTimes(pts: readonly number[], end: number): number[] {
  const latest = new Array<number>(pts.length);
  let next = end;
  for (let i = pts.length - 1; i >= 0; i--) {
    next = Math.min(pts[i] ?? 0, next - (i === pts.length - 1 ? 0 : 1));
    latest[i] = next;
  }
  return latest;
}

/** Presentation order behind by the greatest delay that reordering needs; the samples before that begins share the time up to it. */
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
