// The test clips by name: `await clip('mp4-faststart')` is the path of the file, made on first use.
import { made } from './clip-cache.ts';
import { BOOK, CLIP_RECIPES } from './clip-recipes.ts';

export type ClipName = keyof typeof CLIP_RECIPES;

/** Absolute path of the clip; made with ffmpeg when it is not in `.cache/clips` yet. Safe to call from many processes. */
export async function clip(name: ClipName): Promise<string> {
  return made(BOOK, name);
}
