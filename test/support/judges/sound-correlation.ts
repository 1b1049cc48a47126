// Compares two recordings of the same audio window by window: the lag of one, changes of the lag, and the similarity.

const WINDOW_SECONDS = 0.25;
const STEP_SECONDS = 0.1;
/** Windows below this level are not compared. */
const QUIET = 1e-4;
/** A lower correlation counts as different audio. */
const ALIKE = 0.5;

export interface Comparison {
  /** Lag of the decoded audio in each window, in samples; undefined for different audio or silence. */
  lags: (number | undefined)[];
  /** Number of changes of the lag between neighbouring windows. */
  jumps: number;
  /** Number of windows in which the source is loud and the decoded audio differs. */
  lost: number;
  /** The most frequent lag. */
  lag: number;
  /** Signal-to-noise ratio of the decoded audio, in decibels. */
  snr: number;
}

export interface CompareOptions {
  rate?: number;
  /** Largest lag searched, in samples. */
  reach?: number;
  /** Largest change of the lag within the recording, in samples. */
  wander?: number;
}

/** `source` and `heard` are mono, of the same rate. */
export function compareSound(
  source: Float32Array,
  heard: Float32Array,
  { rate = 48_000, reach = 4800, wander = 40 }: CompareOptions = {},
): Comparison {
  if (source.length < rate) throw new TypeError('less than a second of sound tells nothing');
  const middle = Math.floor(Math.min(source.length, heard.length) / 2);
  const centre = bestLag(source, heard, { from: middle, length: Math.min(rate / 4, middle), around: 0, reach }) ?? 0;
  const length = Math.round(WINDOW_SECONDS * rate);
  const lags: (number | undefined)[] = [];
  let lost = 0;
  for (let from = 0; from + length <= source.length; from += Math.round(STEP_SECONDS * rate)) {
    if (energy(source, from, length) / length < QUIET ** 2) {
      lags.push(undefined);
      continue;
    }
    const lag = bestLag(source, heard, { from, length, around: centre, reach: wander });
    // The decoded audio may end within the last window.
    if (lag === undefined && from + length + centre <= heard.length) lost += 1;
    lags.push(lag);
  }
  const known = lags.filter((lag) => lag !== undefined);
  const lag = mostCommon(known) ?? centre;
  return { lags, jumps: changes(known), lost, lag, snr: signalToNoise(source, heard, lag) };
}

/** Level of the source against the difference, in decibels, over their common length. */
function signalToNoise(source: Float32Array, heard: Float32Array, lag: number): number {
  let signal = 0;
  let noise = 0;
  for (let i = 4096; i < source.length - 4096; i += 1) {
    const other = heard[i + lag];
    if (other === undefined) continue;
    const own = source[i] ?? 0;
    signal += own * own;
    noise += (own - other) ** 2;
  }
  return 10 * Math.log10(signal / noise);
}

interface Window {
  from: number;
  length: number;
  around: number;
  reach: number;
}

function bestLag(
  source: Float32Array,
  heard: Float32Array,
  { from, length, around, reach }: Window,
): number | undefined {
  let best = { lag: 0, likeness: -Infinity };
  const own = energy(source, from, length);
  for (let lag = around - reach; lag <= around + reach; lag += 1) {
    if (from + lag < 0 || from + lag + length > heard.length) continue;
    let product = 0;
    for (let i = from; i < from + length; i += 1) product += (source[i] ?? 0) * (heard[i + lag] ?? 0);
    if (product > best.likeness) best = { lag, likeness: product };
  }
  const other = energy(heard, from + best.lag, length);
  return best.likeness / Math.sqrt(own * other) >= ALIKE ? best.lag : undefined;
}

function energy(samples: Float32Array, from: number, length: number): number {
  let sum = 0;
  for (let i = from; i < from + length; i += 1) sum += (samples[i] ?? 0) ** 2;
  return sum;
}

function changes(lags: readonly number[]): number {
  let count = 0;
  for (const [index, lag] of lags.entries()) if (index > 0 && lag !== lags[index - 1]) count += 1;
  return count;
}

function mostCommon(lags: readonly number[]): number | undefined {
  const counts = new Map<number, number>();
  for (const lag of lags) counts.set(lag, (counts.get(lag) ?? 0) + 1);
  return [...counts].toSorted(([, a], [, b]) => b - a)[0]?.[0];
}
