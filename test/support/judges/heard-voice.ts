// Identifies the moment of the coded voice in each window of decoded audio, by correlation with the voices.
import { CODED_RATE, codedSamples } from '../clips/coded-sound.ts';
import type { DecodedSound } from './decoded-film.ts';
import type { VoiceStretch } from './truth.ts';

const WINDOW_SAMPLES = 800;
const HOP_SAMPLES = 400;
export const WINDOW_SECONDS = WINDOW_SAMPLES / CODED_RATE;
/** Windows below this level are silent: the noise has 0.046. */
const SILENT_RMS = 0.004;
const SURE = 0.6;
/** Search radius around the expected position, and the correlation that ends the search: noise never reaches it by chance. */
const NEAR = [
  { samples: 2, enough: SURE },
  { samples: 240, enough: 0.95 },
] as const;
/** Limit of failed searches through all voices, which take long: audio with more of them is not from the clip. */
const MAX_SEARCHES = 4;

export interface HeardWindow {
  /** Start of the window in the presentation. */
  seconds: number;
  verdict: 'silent' | 'unknown' | 'voice';
  voice: number;
  /** Moment of the voice at `seconds`, exact to a fraction of a sample. */
  voiceSeconds: number;
}

export interface KnownVoice {
  voice: number;
  seconds: number;
}

/** One window each 50 ms. `expected` only determines where the search starts. */
export function heardWindows(
  sound: DecodedSound,
  voices: readonly KnownVoice[],
  expected: readonly VoiceStretch[],
): HeardWindow[] {
  const search = new VoiceSearch(voices);
  const windows: HeardWindow[] = [];
  for (let at = 0; at + WINDOW_SAMPLES <= sound.samples.length; at += HOP_SAMPLES) {
    const seconds = sound.startSeconds + at / CODED_RATE;
    const window = sound.samples.subarray(at, at + WINDOW_SAMPLES);
    windows.push({ seconds, ...search.look(window, seconds, expected) });
  }
  return windows;
}

type Found = Omit<HeardWindow, 'seconds'>;
interface Place {
  voice: number;
  /** Index of a sample of the voice. */
  at: number;
}

type Scored = Place & { score: number };

class VoiceSearch {
  readonly #voices: Map<number, Voice>;
  #last: { place: Place; seconds: number } | undefined;
  #searches = 0;

  constructor(voices: readonly KnownVoice[]) {
    // Encoders append some audio, so the voices are computed further.
    this.#voices = new Map(voices.map(({ voice, seconds }) => [voice, voiceOf(codedSamples(voice, seconds + 0.5))]));
  }

  look(window: Float32Array, seconds: number, expected: readonly VoiceStretch[]): Found {
    if (Math.sqrt(energyOf(window) / window.length) < SILENT_RMS)
      return { verdict: 'silent', voice: 0, voiceSeconds: 0 };
    const found = this.#near(window, this.#guesses(seconds, expected)) ?? this.#anywhere(window);
    if (found !== undefined) return this.#keep(found, seconds);
    return { verdict: 'unknown', voice: 0, voiceSeconds: 0 };
  }

  /** The best position around the guesses. */
  #near(window: Float32Array, guesses: readonly Place[]): Place | undefined {
    let best: Scored | undefined;
    for (const { samples, enough } of NEAR) {
      for (const { voice, at } of guesses) {
        const found = this.#best(window, voice, [at - samples, at + samples + 1]);
        if (found !== undefined && found.score > (best?.score ?? 0)) best = found;
        if ((best?.score ?? 0) > enough) return best;
      }
    }
    return best;
  }

  #anywhere(window: Float32Array): Place | undefined {
    if (this.#searches >= MAX_SEARCHES) return undefined;
    this.#searches += 1;
    for (const [voice, { samples }] of this.#voices) {
      const found = this.#best(window, voice, [0, samples.length]);
      if (found !== undefined) {
        this.#searches = 0;
        return found;
      }
    }
    return undefined;
  }

  #guesses(seconds: number, expected: readonly VoiceStretch[]): Place[] {
    const middle = seconds + WINDOW_SECONDS / 2;
    const due = expected.filter((each) => each.startSeconds <= middle && middle < each.endSeconds);
    const guesses = due.map(({ voice = 0, voiceSeconds, startSeconds }) => ({
      voice,
      at: Math.round((voiceSeconds + seconds - startSeconds) * CODED_RATE),
    }));
    if (this.#last === undefined) return guesses;
    const { place, seconds: before } = this.#last;
    return [{ voice: place.voice, at: Math.round(place.at + (seconds - before) * CODED_RATE) }, ...guesses];
  }

  /** The best position in `[from, to)` of a voice; undefined when the correlation is too low. */
  #best(window: Float32Array, voice: number, [from, to]: [number, number]): Scored | undefined {
    const known = this.#voices.get(voice);
    if (known === undefined) return undefined;
    const heard = { window, energy: energyOf(window) };
    const first = Math.max(0, from);
    const last = Math.min(known.samples.length - window.length, to);
    const isWide = last - first > WINDOW_SAMPLES;
    const best = { at: first, score: -1 };
    for (let at = first; at < last; at += 1) {
      if (isWide && sparseLikeness(heard, known, at) < SURE / 3) continue;
      const score = likeness(heard, known, at);
      if (score > best.score) Object.assign(best, { at, score });
    }
    if (best.score < SURE) return undefined;
    const before = likeness(heard, known, best.at - 1);
    const after = likeness(heard, known, best.at + 1);
    return { voice, score: best.score, at: best.at + peakBetween(before, best.score, after) };
  }

  #keep({ voice, at }: Place, seconds: number): Found {
    this.#last = { place: { voice, at }, seconds };
    return { verdict: 'voice', voice, voiceSeconds: at / CODED_RATE };
  }
}

interface Voice {
  samples: Float32Array;
  /** Energy of the samples before each index, with one entry more for all of them. */
  energyBefore: Float64Array;
}

interface Heard {
  window: Float32Array;
  energy: number;
}

function voiceOf(samples: Float32Array): Voice {
  const energyBefore = new Float64Array(samples.length + 1);
  for (let index = 0; index < samples.length; index += 1)
    energyBefore[index + 1] = (energyBefore[index] ?? 0) + (samples[index] ?? 0) ** 2;
  return { samples, energyBefore };
}

/** Correlation of the window with the voice from sample `at`, from -1 to 1. */
function likeness({ window, energy }: Heard, { samples, energyBefore }: Voice, at: number): number {
  const end = at + window.length;
  if (at < 0 || end > samples.length) return -1;
  let product = 0;
  for (let index = 0; index < window.length; index += 1) product += (window[index] ?? 0) * (samples[at + index] ?? 0);
  const other = (energyBefore[end] ?? 0) - (energyBefore[at] ?? 0);
  return energy === 0 || other === 0 ? 0 : product / Math.sqrt(energy * other);
}

/** Every fourth sample: of 200, the correlation of noise with other noise has a standard deviation of 0.07. */
const STRIDE = 4;

/** An estimate of `likeness` in a quarter of its time. */
function sparseLikeness({ window, energy }: Heard, { samples, energyBefore }: Voice, at: number): number {
  let product = 0;
  for (let index = 0; index < window.length; index += STRIDE)
    product += (window[index] ?? 0) * (samples[at + index] ?? 0);
  const other = (energyBefore[at + window.length] ?? 0) - (energyBefore[at] ?? 0);
  return energy === 0 || other === 0 ? 0 : (STRIDE * product) / Math.sqrt(energy * other);
}

/** Position of the maximum of the parabola through three neighbours, from -0.5 to 0.5. */
function peakBetween(before: number, middle: number, after: number): number {
  const bend = before - 2 * middle + after;
  return bend >= 0 ? 0 : Math.max(-0.5, Math.min(0.5, (before - after) / (2 * bend)));
}

function energyOf(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return sum;
}
