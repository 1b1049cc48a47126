// The recipe of one file as plain values: its hash changes when, and only when, the recipe changes.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { PictureOptions } from './picture.ts';

interface Named {
  /** File name extension, without the dot. */
  extension: string;
}

/** Frames drawn by `picture.ts`, encoded by ffmpeg. */
export interface PictureRecipe extends Named {
  kind: 'picture';
  picture: PictureOptions;
  /** As ffmpeg reads it: "24000/1001". */
  frameRate: string;
  frames: number;
  encode: readonly string[];
}

/** ffmpeg's arguments without the output; `{name}` stands for the path of another recipe's file. */
export interface FfmpegRecipe extends Named {
  kind: 'ffmpeg';
  args: readonly string[];
  /** Written through a pipe, in which the muxer cannot seek: needs `-f` in the arguments. */
  piped?: boolean;
}

/** The bytes of another recipe, changed. `edit` must have no dependencies: its text is hashed. */
export interface BytesRecipe extends Named {
  kind: 'bytes';
  from: string;
  edit: (bytes: Uint8Array) => Uint8Array;
}

export interface TextRecipe extends Named {
  kind: 'text';
  text: string;
}

/** The bytes of several recipes, joined by code of another module. */
export interface JoinedRecipe extends Named {
  kind: 'joined';
  from: readonly string[];
  join: (files: readonly Buffer[]) => Uint8Array;
  /** Values that `join` closes over, hashed with its text. */
  parameters?: unknown;
  /** Files with the code that `join` calls: their text is hashed. */
  uses: readonly URL[];
}

export type Recipe = PictureRecipe | FfmpegRecipe | BytesRecipe | TextRecipe | JoinedRecipe;
export type RecipeBook = Readonly<Record<string, Recipe>>;

/** @throws TypeError for an unknown name */
export function recipeOf(book: RecipeBook, name: string): Recipe {
  const recipe = Object.hasOwn(book, name) ? book[name] : undefined;
  if (recipe === undefined) throw new TypeError(`no recipe is called "${name}"`);
  return recipe;
}

/** Names of the recipes whose files this one needs. */
export function ingredientsOf(recipe: Recipe): string[] {
  if (recipe.kind === 'bytes') return [recipe.from];
  if (recipe.kind === 'joined') return [...recipe.from];
  if (recipe.kind !== 'ffmpeg') return [];
  return recipe.args.flatMap((argument) => /^\{(.+)\}$/.exec(argument)?.[1] ?? []);
}

/** Twelve hex digits over the recipe, its ingredients and, for frames, the code that draws them. */
export function recipeHash(book: RecipeBook, name: string): string {
  const recipe = recipeOf(book, name);
  const hash = createHash('sha256');
  hash.update(JSON.stringify(recipe, (_key, value: unknown) => (typeof value === 'function' ? String(value) : value)));
  for (const ingredient of ingredientsOf(recipe)) hash.update(recipeHash(book, ingredient));
  if (recipe.kind === 'joined') for (const file of recipe.uses) hash.update(readFileSync(file));
  if (recipe.kind === 'picture') {
    for (const file of ['picture.ts', 'frame-code.ts']) hash.update(readFileSync(new URL(file, import.meta.url)));
  }
  return hash.digest('hex').slice(0, 12);
}
