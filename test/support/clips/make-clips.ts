// Makes the named clips, or all but the long ones, and prints the time and size of each: `make-clips.ts [names|all]`.
import { stat } from 'node:fs/promises';
import { made } from './clip-cache.ts';
import { BOOK, CLIP_RECIPES } from './clip-recipes.ts';

const asked = process.argv.slice(2).filter((name) => name !== 'all');
const everyday = Object.keys(CLIP_RECIPES).filter((name) => !name.startsWith('long-'));
const began = performance.now();
for (const name of asked.length === 0 ? everyday : asked) {
  const start = performance.now();
  const path = await made(BOOK, name);
  const { size } = await stat(path);
  console.log(`${name.padEnd(22)} ${seconds(start).padStart(6)} s ${(size / 1000).toFixed(0).padStart(8)} kB  ${path}`);
}
console.log(`${'together'.padEnd(22)} ${seconds(began).padStart(6)} s`);

function seconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(1);
}
