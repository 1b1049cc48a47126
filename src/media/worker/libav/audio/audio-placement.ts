// Positions decoded audio on the sample grid. Frames follow each other sample by sample; timestamps only give the start of a run.
//
// Containers round timestamps (Matroska to a millisecond), so a timestamp alone would shift each frame by some samples. A run takes the position
// that fits the timestamps of all its frames, then is snapped to the grid that the codec's frames keep from the start of the track. So segments
// that are decoded separately agree to the sample.

export interface DecodedAudio {
  /** The start by the timestamp, in samples of its own rate; undefined without a timestamp. */
  stated: number | undefined;
  samples: number;
  sampleRate: number;
}

export interface AudioClock {
  /** Duration of a tick of the timestamps, seconds. */
  tickSeconds: number;
  /** Start of the track, seconds: the phase of its frame grid. */
  phaseSeconds: number;
  /** Samples that divide the length of every frame of the codec; undefined: the common length of the frames. */
  stepSamples: number | undefined;
}

/** A sequence of frames without a gap between them. */
export interface AudioRun {
  /** Index of its first frame. */
  first: number;
  /** Index after its last frame. */
  end: number;
  /** Start of the first frame, in samples of its rate. */
  start: number;
}

/** Tolerated error of timestamps beyond their rounding. */
const DRIFT_SECONDS = 0.000_25;

/** The number of frames in a row, or fewer at the end, that must state a new position. */
const LASTING_FRAMES = 8;
const LEAST_CONFIRMATIONS = 4;

/** A single timestamp that differs by more than this is accepted without confirmation. */
const SURE_SECONDS = 0.02;

/** A grid finer than this many ticks cannot be distinguished from the rounding of the timestamps. */
const LEAST_STEP_TICKS = 1.25;

/** The runs of frames in decode order. */
export function audioRuns(frames: readonly DecodedAudio[], clock: AudioClock): AudioRun[] {
  const runs: AudioRun[] = [];
  for (let first = 0; first < frames.length;) {
    const run = runFrom(frames, first, clock);
    runs.push({ first, end: run.end, start: onGrid(frames.slice(first, run.end), run.start, clock) });
    first = run.end;
  }
  return runs;
}

function runFrom(frames: readonly DecodedAudio[], first: number, clock: AudioClock): { end: number; start: number } {
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
  // Decoders cut off the beginning of their first frame, which rounds its timestamp once more: it counts only if there is no other.
  if (fit.isEmpty) return { end: index, start: head?.stated ?? 0 };
  return { end: index, start: isExact ? fit.middle : median(all) };
}

/** A set of starts that differ by at most `spread`. */
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

  /** The middle of the starts: timestamps are rounded up as often as down. */
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

/** Whether the frames, of which the first does not fit the run, agree on another position. */
function isLasting(frames: readonly DecodedAudio[], { fit, start, length, spread }: Offer): boolean {
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

/** The start of a run, snapped to the grid of its frames if timestamps are fine enough. */
function onGrid(frames: readonly DecodedAudio[], start: number, clock: AudioClock): number {
  const rate = frames[0]?.sampleRate ?? 1;
  const tick = clock.tickSeconds * rate;
  const { step, before } = gridOf(frames, clock);
  if (step === undefined || step < LEAST_STEP_TICKS * tick) return Math.round(start);
  const phase = clock.phaseSeconds * rate - before;
  const snapped = phase + Math.round((start - phase) / step) * step;
  return Math.round(Math.abs(snapped - start) <= tick + 1 ? snapped : start);
}

/** `before`: samples of the run before the first frame on the grid. Encoders may have the beginning and the end of the track cut off. */
function gridOf(frames: readonly DecodedAudio[], clock: AudioClock): { step: number | undefined; before: number } {
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
