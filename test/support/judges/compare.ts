// Compares what was served or played with what is right: one sentence for each deviation, none when all is right.
import { comparePictures, milliseconds } from './compare-pictures.ts';
import { compareSound } from './compare-sound.ts';
import { heardWindows, type KnownVoice } from './heard-voice.ts';
import type { DecodedSound } from './decoded-film.ts';
import type { NumberedPicture, Truth } from './truth.ts';

/** Of a voice is looked through more than should be heard: what was cut away may be heard all the same. */
const BEYOND_SECONDS = 5;

/** What was read back, in seconds of the presentation. */
export interface Reading {
  pictures: readonly NumberedPicture[];
  /** Undefined: there is none. */
  sound: DecodedSound | undefined;
}

export interface CompareOptions {
  /** Frames that a picture may be out of place; 1 when absent. */
  frames?: number;
  /** How late the sound of the source itself is against its pictures: codecs add some milliseconds; 0 when absent. */
  sourceLagSeconds?: number;
  /** What the sound may deviate from that; 30 ms when absent. */
  syncSeconds?: number;
  /** What a stretch of the sound may be off the others; 3 ms when absent. */
  slackSeconds?: number;
  /** `[start, end)` that was fetched of each; the whole presentation when absent. */
  ranges?: Ranges;
  /** Voices that may be heard by mistake. */
  otherVoices?: readonly KnownVoice[];
}

export interface Ranges {
  pictures: readonly [number, number] | undefined;
  sound: readonly [number, number] | undefined;
}

export interface Comparison {
  sentences: string[];
  /** How late the sound is against the pictures. */
  soundLagSeconds: number;
}

export function compare(truth: Truth, reading: Reading, options: CompareOptions = {}): Comparison {
  const {
    frames = 1,
    sourceLagSeconds = 0,
    syncSeconds = 0.03,
    slackSeconds = 0.003,
    ranges,
    otherVoices = [],
  } = options;
  const wanted = ranges?.pictures === undefined ? truth : cutTo(truth, ranges.pictures, reading.pictures);
  const pictures = comparePictures(wanted, reading.pictures, { frames });
  const sound = reading.sound ?? { startSeconds: 0, samples: new Float32Array(0) };
  const windows = heardWindows(sound, [...voicesOf(truth), ...otherVoices], truth.sound);
  const heard = compareSound(truth, windows, { slackSeconds, range: ranges?.sound });
  const soundLagSeconds = heard.lagSeconds - pictures.lagSeconds;
  const sentences = [...pictures.sentences, ...heard.sentences];
  const isMeasured = heard.measured && truth.pictures.length > 0;
  if (isMeasured && Math.abs(soundLagSeconds - sourceLagSeconds) > syncSeconds) {
    const source = sourceLagSeconds === 0 ? '' : `, in the source ${milliseconds(sourceLagSeconds)} ms`;
    sentences.push(`The sound is ${milliseconds(soundLagSeconds)} ms late against the pictures${source}`);
  }
  return { sentences, soundLagSeconds };
}

/** Pictures this close to an end of a range, in frames, but not on it, may lie on either side. */
const BORDER_FRAMES = 0.6;

/** The pictures of a range, the first of them as it stands already. */
function cutTo(truth: Truth, [start, end]: readonly [number, number], shown: readonly NumberedPicture[]): Truth {
  const border = BORDER_FRAMES * truth.frameSeconds;
  const within = truth.pictures.filter(({ seconds }) => seconds >= start - border && seconds < end);
  const [first, last] = [within[0], within.at(-1)];
  const isBorder = Math.abs((first?.seconds ?? start) - start) > truth.frameSeconds / 10;
  if (first !== undefined && isBorder && first.seconds < start + border && first.number !== shown[0]?.number)
    within.shift();
  if (last !== undefined && last.seconds >= end - border && last.number !== shown.at(-1)?.number) within.pop();
  const before = truth.pictures.findLast(({ seconds }) => seconds < start - border);
  const stands = before !== undefined && (within[0]?.seconds ?? Infinity) > start + truth.frameSeconds;
  const pictures = stands ? [{ seconds: start, number: before.number }, ...within] : within;
  return { ...truth, pictures };
}

function voicesOf({ sound }: Truth): KnownVoice[] {
  const lengths = new Map<number, number>();
  for (const { voice = 0, voiceSeconds, startSeconds, endSeconds } of sound) {
    const end = voiceSeconds + endSeconds - startSeconds;
    lengths.set(voice, Math.max(end + BEYOND_SECONDS, lengths.get(voice) ?? 0));
  }
  return [...lengths].map(([voice, seconds]) => ({ voice, seconds }));
}
