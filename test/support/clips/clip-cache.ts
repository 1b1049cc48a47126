// Made files under `.cache/clips/<recipe hash>/<name>.<extension>`: each is made once, by the process that requests it first.
import { link, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from './ffmpeg.ts';
import { pictures } from './picture.ts';
import { ingredientsOf, recipeHash, recipeOf, type PictureRecipe, type Recipe, type RecipeBook } from './recipe.ts';

const CACHE = resolve(import.meta.dirname, '../../../.cache/clips');
/** Longer than the slowest recipe takes on a busy machine. */
const LOCK_LIFE_MS = 20 * 60_000;

/** Absolute path of the recipe's file. The file and its ingredients are made when missing. */
export async function made(book: RecipeBook, name: string, cache = CACHE): Promise<string> {
  const recipe = recipeOf(book, name);
  const directory = join(cache, recipeHash(book, name));
  const path = join(directory, `${name}.${recipe.extension}`);
  if (await exists(path)) return path;
  const ingredients = new Map<string, string>();
  for (const ingredient of ingredientsOf(recipe)) ingredients.set(ingredient, await made(book, ingredient, cache));
  await mkdir(directory, { recursive: true });
  const lock = join(directory, 'lock');
  await takeLock(lock);
  try {
    if (await exists(path)) return path;
    const unfinished = join(directory, `unfinished-${process.pid}.${recipe.extension}`);
    await make(recipe, ingredients, unfinished);
    await rename(unfinished, path);
    return path;
  } finally {
    await rm(lock, { force: true });
  }
}

async function make(recipe: Recipe, ingredients: ReadonlyMap<string, string>, path: string): Promise<void> {
  switch (recipe.kind) {
    case 'picture':
      return encodePictures(recipe, path);
    case 'ffmpeg': {
      const args = recipe.args.map((argument) => ingredients.get(argument.slice(1, -1)) ?? argument);
      const options = ['-hide_banner', '-loglevel', 'error', '-y', ...args];
      return recipe.piped === true
        ? run('ffmpeg', [...options, 'pipe:1'], { outputPath: path })
        : run('ffmpeg', [...options, path]);
    }
    case 'bytes':
      return writeFile(path, recipe.edit(await readFile(ingredients.get(recipe.from) ?? '')));
    case 'joined': {
      const files = recipe.from.map((name) => readFile(ingredients.get(name) ?? ''));
      return writeFile(path, recipe.join(await Promise.all(files)));
    }
    case 'text':
      return writeFile(path, recipe.text);
  }
}

function encodePictures({ picture, frameRate, frames, encode }: PictureRecipe, path: string): Promise<void> {
  const size = `${picture.width}x${picture.height}`;
  const raw = ['-f', 'rawvideo', '-pix_fmt', 'yuv420p', '-s', size, '-framerate', frameRate, '-i', 'pipe:0'];
  const args = ['-hide_banner', '-loglevel', 'error', '-y', ...raw, ...encode, '-threads', '2', path];
  return run('ffmpeg', args, { input: pictures(picture, frames) });
}

/**
 * Waits until this process holds the lock. The lock of an ended process is taken over. When two processes take it
 * over at once, both make the file, and the later rename wins with the same bytes.
 */
async function takeLock(lock: string): Promise<void> {
  const claim = `${lock}-${process.pid}-${Math.random().toString(36).slice(2)}`;
  await writeFile(claim, String(process.pid));
  try {
    while (!(await linked(claim, lock))) {
      if (await isStale(lock)) await rm(lock, { force: true });
      else await sleep(50);
    }
  } finally {
    await rm(claim, { force: true });
  }
}

/** Links the claim to the name of the lock. The link succeeds for one process only, and never shows an empty lock. */
async function linked(claim: string, lock: string): Promise<boolean> {
  try {
    await link(claim, lock);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

async function isStale(lock: string): Promise<boolean> {
  try {
    const { mtimeMs } = await stat(lock);
    if (Date.now() - mtimeMs > LOCK_LIFE_MS) return true;
    const owner = Number(await readFile(lock, 'utf8'));
    return !isAlive(owner);
  } catch {
    // The lock was released between the two checks: try again.
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
