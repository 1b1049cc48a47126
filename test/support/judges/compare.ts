// Compares what was served or played with what is expected: one sentence for each deviation, none when everything is right.
import { comparePictures, milliseconds } from './compare-pictures.ts';
import { compareSound } from './compare-sound.ts';
import { heardWindows, type KnownVoice } from './heard-voice.ts';
import type { DecodedSound } from './decoded-film.ts';
import type { NumberedPicture, Truth } from './truth.ts';

/** Voices are searched this far beyond their expected end: audio that should be cut away may be present. */
const BEYOND_SECONDS = 5;

/** The decoded frames and audio, in seconds of the presentation. */
export interface Reading {
  pictures: readonly NumberedPicture[];
  /** Undefined: no audio. */
  sound: DecodedSound | undefined;
}

export interface CompareOptions {
  /** Tolerance in frames for the time of a frame; default 1. */
  frames?: number;
  /** Delay of the source's own audio against its video, to which codecs add some milliseconds; default 0. */
  sourceLagSeconds?: number;
  /** Tolerance of the delay between audio and video; default 30 ms. */
  syncSeconds?: number;
  /** Tolerance of the delay of a stretch of audio against the others; default 3 ms. */
  slackSeconds?: number;
  /** `[start, end)` that was fetched of each; default: the whole presentation. */
  ranges?: Ranges;
  /** Voices of other tracks, which are recognized when they are played by mistake. */
  otherVoices?: readonly KnownVoice[];
}

export interface Ranges {
  pictures: readonly [number, number] | undefined;
  sound: readonly [number, number] | undefined;
}

export interface Comparison {
  sentences: string[];
  /** Delay of the audio against the video. */
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

/** A frame within this distance of an end of a range, in frames, but not on it, may lie on either side. */
const BORDER_FRAMES = 0.6;

/** The expected frames of a range; the first may have started before the range. */
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
