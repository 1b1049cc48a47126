// The shape of the lists of odd files, and the coding that most of them share.
import type { FfmpegRecipe, RecipeBook } from '../recipe.ts';
import type { CompareOptions } from '../../judges/compare.ts';
import type { Truth } from '../../judges/truth.ts';
import { codedPictures, type CodedPictures } from '../coded-picture.ts';
import { codedSound, type CodedSound } from '../coded-sound.ts';

export interface OddFilm {
  /** Extension in the recipe. */
  name: string;
  /** The right presentations: any one of these. */
  truths: readonly Truth[];
  /** Tolerances for sources that are not exact. */
  tolerance?: Tolerance;
  /** Decoders tolerate different errors, so Chromium is tested too. */
  inBrowser?: boolean;
}

export type Tolerance = Pick<CompareOptions, 'frames' | 'sourceLagSeconds' | 'slackSeconds' | 'syncSeconds'>;

export interface OddFilms {
  recipes: RecipeBook;
  films: readonly OddFilm[];
}

export const RATE = 25;
export const FRAME = 1 / RATE;
export const H264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p', '-crf', '26', '-threads', '2'];
/** A keyframe every 2 s. */
export const GROUPS = ['-g', '50', '-keyint_min', '50', '-sc_threshold', '0'];
export const AAC = ['-c:a', 'aac', '-b:a', '96k', '-ar', '48000'];

export type Pictures = Partial<CodedPictures> & { seconds: number };

/** ffmpeg's input options; default 320x180 at 25 frames per second. */
export function pictures(options: Pictures): string[] {
  return codedPictures({ width: 320, height: 180, rate: String(RATE), ...options });
}

export interface Film {
  pictures: Pictures;
  sound: CodedSound;
  /** Options of both encoders and of the muxer. */
  encode: readonly string[];
}

/** Video and audio, generated and encoded in one run. */
export function film(extension: string, { pictures: picture, sound, encode }: Film): FfmpegRecipe {
  return ffmpeg(extension, [...pictures(picture), ...codedSound(sound), ...encode]);
}

export function ffmpeg(extension: string, args: readonly string[]): FfmpegRecipe {
  return { kind: 'ffmpeg', extension, args };
}

/** 20 s with B-frames, without oddities: the video of many odd files. */
export const BASE: RecipeBook = {
  base: film('mp4', {
    pictures: { seconds: 20 },
    sound: { seconds: 20 },
    encode: [...H264, ...GROUPS, '-bf', '2', ...AAC],
  }),
};
