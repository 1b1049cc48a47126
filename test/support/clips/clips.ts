// The test clips by name: `await clip('mp4-faststart')` is the path of the file, made on first use.
import { basename } from 'node:path';
import { CLIP_NAMES, type ClipName } from './catalogue.ts';
import { made } from './clip-cache.ts';
import { BOOK, CLIP_RECIPES } from './clip-recipes.ts';

/** Absolute path of the clip; made with ffmpeg when it is not in `.cache/clips` yet. Safe to call from many processes. */
export async function clip(name: ClipName): Promise<string> {
  return made(BOOK, name);
}

/** "mp4-faststart.mp4": what a test's server may call it. */
export function clipFileName(name: ClipName): string {
  return `${name}.${CLIP_RECIPES[name].extension}`;
}

/** Every clip but the long ones by file name, made: what a test's HTTP server needs to serve them. */
export async function clipFiles(names: readonly ClipName[] = CLIP_NAMES): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const name of names) {
    const path = await clip(name);
    files.set(basename(path), path);
  }
  return files;
}
