// Where decoded sound belongs on the sample grid: it runs on sample by sample, and timestamps only say where a run begins.
//
// Containers round timestamps (Matroska to a millisecond), so a timestamp alone would move each frame by some samples. A run takes the position that
// fits the timestamps of all its frames, and is put on the grid that the frames of the codec keep from the start of the track on: so segments that are
// decoded apart agree to the sample.

export interface DecodedSound {
  /** Where the timestamp says that it begins, in samples of its own rate; undefined where there is none. */
  stated: number | undefined;
  samples: number;
  sampleRate: number;
}

export interface SoundClock {
  /** Length of a tick of the timestamps, seconds. */
  tickSeconds: number;
  /** Where the track begins, seconds: the phase of its frame grid. */
  phaseSeconds: number;
  /** Samples that divide the length of every frame of the codec; undefined: the length that the frames have. */
  stepSamples: number | undefined;
}

/** A stretch of frames without a gap between them. */
export interface SoundRun {
  /** Index of its first frame. */
  first: number;
  /** Index after its last frame. */
  end: number;
  /** Where the first frame begins, in samples of its rate. */
  start: number;
}

/** By how much timestamps may be off beyond their rounding. */
const DRIFT_SECONDS = 0.000_25;

/** So many frames in a row must state a new place, or fewer at the end. */
const LASTING_FRAMES = 8;
const LEAST_CONFIRMATIONS = 4;

/** A timestamp that no other confirms is believed when it is off by more than this. */
const SURE_SECONDS = 0.02;

/** A grid finer than this many ticks cannot be told from the rounding of the timestamps. */
const LEAST_STEP_TICKS = 1.25;

/** The runs of frames in decode order. */
export function soundRuns(frames: readonly DecodedSound[], clock: SoundClock): SoundRun[] {
  const runs: SoundRun[] = [];
  for (let first = 0; first < frames.length;) {
    const run = runFrom(frames, first, clock);
    runs.push({ first, end: run.end, start: onGrid(frames.slice(first, run.end), run.start, clock) });
    first = run.end;
  }
  return runs;
}

function runFrom(frames: readonly DecodedSound[], first: number, clock: SoundClock): { end: number; start: number } {
  const head = frames[first];
  const rate = head?.sampleRate ?? 1;
  const spread = (clock.tickSeconds + 2 * DRIFT_SECONDS) * rate;
  const fit = new Fit(spread);
  const all: number[] = [];
  let isExact = true;
  let length = head?.samples ?? 0;
  let index = first + 1;
  for (; index < frames.length; index += 1) {
    const frame = frames[index];
    if (!frame || frame.sampleRate !== rate) break;
    if (frame.stated !== undefined) {
      const start = frame.stated - length;
      const isApart = fit.isEmpty && Math.abs(start - (head?.stated ?? start)) > SURE_SECONDS * rate;
      if (isApart || !fit.fits(start)) {
        if (isApart || isLasting(frames.slice(index, index + LASTING_FRAMES), { fit, start, length, spread })) break;
        isExact = false;
      } else fit.take(start);
      all.push(start);
    }
    length += frame.samples;
  }
  // Decoders cut the beginning off their first frame, and its timestamp is rounded once more then: it is believed when there is no other.
  if (fit.isEmpty) return { end: index, start: head?.stated ?? 0 };
  return { end: index, start: isExact ? fit.middle : median(all) };
}

/** Starts that differ by no more than `spread`. */
class Fit {
  readonly #spread: number;
  #least = Infinity;
  #most = -Infinity;

  constructor(spread: number) {
    this.#spread = spread;
  }

  get isEmpty(): boolean {
    return this.#least > this.#most;
  }

  fits(start: number): boolean {
    return Math.max(this.#most, start) - Math.min(this.#least, start) <= this.#spread;
  }

  take(start: number): void {
    this.#least = Math.min(this.#least, start);
    this.#most = Math.max(this.#most, start);
  }

  /** The rounding of timestamps is as often up as down. */
  get middle(): number {
    return (this.#least + this.#most) / 2;
  }
}

interface Offer {
  fit: Fit;
  start: number;
  length: number;
  spread: number;
}

/** Whether the frames, the first of which does not fit the run, agree on another place. */
function isLasting(frames: readonly DecodedSound[], { fit, start, length, spread }: Offer): boolean {
  const rate = frames[0]?.sampleRate ?? 1;
  const sure = Math.abs(start - fit.middle) > SURE_SECONDS * rate;
  let at = length;
  let confirmations = 0;
  for (const frame of frames) {
    if (frame.sampleRate !== rate) break;
    if (frame.stated !== undefined) {
      const other = frame.stated - at;
      if (Math.abs(other - start) > spread || fit.fits(other)) return false;
      confirmations += 1;
    }
    at += frame.samples;
  }
  return sure || confirmations >= LEAST_CONFIRMATIONS;
}

/** The place of a run on the grid of its frames, where timestamps are fine enough to tell it. */
function onGrid(frames: readonly DecodedSound[], start: number, clock: SoundClock): number {
  const rate = frames[0]?.sampleRate ?? 1;
  const tick = clock.tickSeconds * rate;
  const { step, before } = gridOf(frames, clock);
  if (step === undefined || step < LEAST_STEP_TICKS * tick) return Math.round(start);
  const phase = clock.phaseSeconds * rate - before;
  const snapped = phase + Math.round((start - phase) / step) * step;
  return Math.round(Math.abs(snapped - start) <= tick + 1 ? snapped : start);
}

/** `before`: samples of the run in front of the first frame that is on the grid. Encoders ask for the beginning of the track to be cut off, and its end. */
function gridOf(frames: readonly DecodedSound[], clock: SoundClock): { step: number | undefined; before: number } {
  if (clock.stepSamples !== undefined) {
    const [first] = frames;
    const isCut = first !== undefined && first.samples % clock.stepSamples !== 0;
    return { step: clock.stepSamples, before: isCut ? first.samples : 0 };
  }
  const inner = frames.length > 2 ? frames.slice(1, -1) : frames;
  const size = inner[0]?.samples;
  const isSame = inner.every(({ samples }) => samples === size);
  return { step: isSame ? size : undefined, before: frames.length > 2 ? (frames[0]?.samples ?? 0) : 0 };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
