// Keeps the peaks of a downmix below full scale. The gain at a sample is the lowest gain that any peak within the radius needs, averaged over the
// same radius. It depends on the samples around it alone, so that separately limited parts are equal where they meet.

/** -1.5 dBTP: room for what the AAC encoder adds. */
const CEILING = 0.841;

/** Samples to each side whose peaks lower the gain of a sample. */
const RADIUS = 1024;

/** Samples to each side that the gain of a sample depends on. */
export const LIMITER_MARGIN = 2 * RADIUS + 16;

/** A band-limited signal rarely exceeds its samples by more than this factor. */
const OVERSHOOT = 2;

/** Interpolators for three points between two samples, each from the twelve samples around it. */
const TAPS = 12;
const BETWEEN = [0.25, 0.5, 0.75].map(interpolator);

/**
 * Lowers the channels in place where their peaks within `[start, end)` need it. Samples closer than `LIMITER_MARGIN` to the ends of the planes
 * are limited as if the signal ended there.
 */
export function limitPeaks(planes: readonly Float32Array[], spans: readonly { start: number; end: number }[]): void {
  const length = planes[0]?.length ?? 0;
  const wanted = wantedGains(planes, spans);
  if (!wanted) return;
  const gains = averaged(leastWithin(wanted, RADIUS), RADIUS);
  for (const plane of planes) for (let i = 0; i < length; i += 1) plane[i] = (plane[i] ?? 0) * (gains[i] ?? 1);
}

/** The gain that each sample needs by itself; undefined when no sample needs any. */
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

/** The peak of the signal from sample `i` up to the next. */
function peakFrom(plane: Float32Array, i: number): number {
  let peak = Math.abs(plane[i] ?? 0);
  for (const taps of BETWEEN) {
    let value = 0;
    for (let k = 0; k < TAPS; k += 1) value += (taps[k] ?? 0) * (plane[i + k - TAPS / 2 + 1] ?? 0);
    peak = Math.max(peak, Math.abs(value));
  }
  return peak;
}

/** The minimum over each sample and `radius` samples to both sides, by a queue of candidates in rising order. */
function leastWithin(values: Float64Array, radius: number): Float64Array {
  const least = new Float64Array(values.length);
  const queue = new Int32Array(values.length);
  let [head, tail] = [0, 0];
  for (let i = 0; i < values.length + radius; i += 1) {
    const value = values[i];
    if (value !== undefined) {
      while (tail > head && (values[queue[tail - 1] ?? 0] ?? 1) >= value) tail -= 1;
      queue[tail] = i;
      tail += 1;
    }
    if (i < radius) continue;
    while (tail > head && (queue[head] ?? 0) < i - 2 * radius) head += 1;
    least[i - radius] = values[queue[head] ?? 0] ?? 1;
  }
  return least;
}

/** The average over `radius` samples to both sides, with triangular weights; beyond the ends the gain at the end continues. */
function averaged(values: Float64Array, radius: number): Float64Array {
  const half = radius >> 1;
  return boxed(boxed(values, half), half);
}

/** Gains are multiples of this step, so that their sums are exact in any order. */
const GAIN_STEP = 2 ** -24;

/** The mean of each sample and `radius` samples to both sides, rounded down. */
function boxed(values: Float64Array, radius: number): Float64Array {
  const mean = new Float64Array(values.length);
  const at = (i: number) => values[Math.min(values.length - 1, Math.max(0, i))] ?? 1;
  let sum = 0;
  for (let i = -radius; i <= radius; i += 1) sum += at(i);
  for (let i = 0; i < values.length; i += 1) {
    mean[i] = wholeSteps(sum / (2 * radius + 1));
    sum += at(i + radius + 1) - at(i - radius);
  }
  return mean;
}

function wholeSteps(gain: number): number {
  return Math.floor(gain / GAIN_STEP) * GAIN_STEP;
}

/** A windowed sinc for a point `offset` samples after the middle sample. */
function interpolator(offset: number): Float64Array {
  return Float64Array.from({ length: TAPS }, (_, k) => {
    const x = k - (TAPS / 2 - 1) - offset;
    const window = 0.5 + 0.5 * Math.cos((2 * Math.PI * x) / TAPS);
    return x === 0 ? 1 : (Math.sin(Math.PI * x) / (Math.PI * x)) * window;
  });
}
