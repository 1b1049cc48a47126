// All odd files by name: `await oddFilm('edit-repeated')` is the path of the file, made on first use.
import { made } from '../clip-cache.ts';
import type { RecipeBook } from '../recipe.ts';
import { ODD_CODING } from './odd-coding.ts';
import type { OddFilm } from './odd-film.ts';
import { ODD_SOUND } from './odd-sound.ts';
import { ODD_TIMES } from './odd-times.ts';
import { ODD_TRACKS } from './odd-tracks.ts';

const KINDS = [ODD_TRACKS, ODD_CODING, ODD_TIMES, ODD_SOUND];
const BOOK: RecipeBook = Object.fromEntries(KINDS.flatMap(({ recipes }) => Object.entries(recipes)));

export const ODD_FILMS: readonly OddFilm[] = KINDS.flatMap(({ films }) => films);

export function oddFilm(name: string): Promise<string> {
  return made(BOOK, name);
}
