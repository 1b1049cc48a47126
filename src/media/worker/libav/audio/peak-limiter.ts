// Keeps the peaks of a downmix below full scale. The gain at a sample depends on the samples near it alone, so that parts limited apart are equal
// where they meet: it is the least gain any peak within reach needs, averaged over the same reach.

/** -1.5 dBTP: room for what the AAC encoder adds. */
const CEILING = 0.841;

/** Samples to each side whose peaks lower the gain of one. */
const REACH = 1024;

/** Samples to each side that the gain of one depends on. */
export const LIMITER_MARGIN = 2 * REACH + 16;

/** A band-limited signal hardly passes its samples by more than this factor. */
const OVERSHOOT = 2;

/** Three points between two samples, each from twelve around it. */
const TAPS = 12;
const BETWEEN = [0.25, 0.5, 0.75].map(interpolator);

/**
 * Lowers the channels in place where their peaks within `[start, end)` ask for it. Samples nearer than `LIMITER_MARGIN` to the ends of the planes come
 * out as if nothing were beyond.
 */
export function limitPeaks(planes: readonly Float32Array[], spans: readonly { start: number; end: number }[]): void {
  const length = planes[0]?.length ?? 0;
  const wanted = wantedGains(planes, spans);
  if (!wanted) return;
  const gains = averaged(leastWithin(wanted, REACH), REACH);
  for (const plane of planes) for (let i = 0; i < length; i += 1) plane[i] = (plane[i] ?? 0) * (gains[i] ?? 1);
}

/** The gain each sample needs by itself; undefined when none needs any. */
function wantedGains(
  planes: readonly Float32Array[],
  spans: readonly { start: number; end: number }[],
): Float64Array | undefined {
  const length = planes[0]?.length ?? 0;
  let wanted: Float64Array | undefined;
  for (const { start, end } of spans) {
    for (const plane of planes) {
      for (let i = Math.max(0, start); i < Math.min(length, end); i += 1) {
        if (Math.abs(plane[i] ?? 0) * OVERSHOOT <= CEILING && Math.abs(plane[i + 1] ?? 0) * OVERSHOOT <= CEILING)
          continue;
        const peak = peakFrom(plane, i);
        if (peak <= CEILING) continue;
        wanted ??= new Float64Array(length).fill(1);
        wanted[i] = Math.min(wanted[i] ?? 1, wholeSteps(CEILING / peak));
      }
    }
  }
  return wanted;
}

/** Of the signal from sample `i` up to the next. */
function peakFrom(plane: Float32Array, i: number): number {
  let peak = Math.abs(plane[i] ?? 0);
  for (const taps of BETWEEN) {
    let value = 0;
    for (let k = 0; k < TAPS; k += 1) value += (taps[k] ?? 0) * (plane[i + k - TAPS / 2 + 1] ?? 0);
    peak = Math.max(peak, Math.abs(value));
  }
  return peak;
}

/** The least of each sample and `reach` to both sides, by a queue of candidates in rising order. */
function leastWithin(values: Float64Array, reach: number): Float64Array {
  const least = new Float64Array(values.length);
  const queue = new Int32Array(values.length);
  let [head, tail] = [0, 0];
  for (let i = 0; i < values.length + reach; i += 1) {
    const value = values[i];
    if (value !== undefined) {
      while (tail > head && (values[queue[tail - 1] ?? 0] ?? 1) >= value) tail -= 1;
      queue[tail] = i;
      tail += 1;
    }
    if (i < reach) continue;
    while (tail > head && (queue[head] ?? 0) < i - 2 * reach) head += 1;
    least[i - reach] = values[queue[head] ?? 0] ?? 1;
  }
  return least;
}

/** Weighted by a raised cosine over `reach` to both sides; beyond the ends the gain goes on as it is there. */
function averaged(values: Float64Array, reach: number): Float64Array {
  const half = reach >> 1;
  return boxed(boxed(values, half), half);
}

/** Gains are multiples of it: sums of them are exact, in whatever order they are made. */
const GAIN_STEP = 2 ** -24;

/** The mean of each sample and `reach` to both sides, rounded down. */
function boxed(values: Float64Array, reach: number): Float64Array {
  const mean = new Float64Array(values.length);
  const at = (i: number) => values[Math.min(values.length - 1, Math.max(0, i))] ?? 1;
  let sum = 0;
  for (let i = -reach; i <= reach; i += 1) sum += at(i);
  for (let i = 0; i < values.length; i += 1) {
    mean[i] = wholeSteps(sum / (2 * reach + 1));
    sum += at(i + reach + 1) - at(i - reach);
  }
  return mean;
}

function wholeSteps(gain: number): number {
  return Math.floor(gain / GAIN_STEP) * GAIN_STEP;
}

/** A windowed sinc for a point `offset` samples after the middle one. */
function interpolator(offset: number): Float64Array {
  return Float64Array.from({ length: TAPS }, (_, k) => {
    const x = k - (TAPS / 2 - 1) - offset;
    const window = 0.5 + 0.5 * Math.cos((2 * Math.PI * x) / TAPS);
    return x === 0 ? 1 : (Math.sin(Math.PI * x) / (Math.PI * x)) * window;
  });
}
