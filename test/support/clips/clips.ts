// The test clips by name: `await clip('mp4-faststart')` is the path of the file, made on first use.
import { basename } from 'node:path';
import { CLIP_NAMES, type ClipName } from './catalogue.ts';
import { made } from './clip-cache.ts';
import { BOOK, CLIP_RECIPES } from './clip-recipes.ts';

/** Absolute path of the clip, made with ffmpeg when it is missing in `.cache/clips`. Safe to call from several processes. */
export async function clip(name: ClipName): Promise<string> {
  return made(BOOK, name);
}

/** File name for URLs of test servers, such as "mp4-faststart.mp4". */
export function clipFileName(name: ClipName): string {
  return `${name}.${CLIP_RECIPES[name].extension}`;
}

/** All clips but the long ones, made, by file name: the content of a test's HTTP server. */
export async function clipFiles(names: readonly ClipName[] = CLIP_NAMES): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const name of names) {
    const path = await clip(name);
    files.set(basename(path), path);
  }
  return files;
}
