// Files of every structure that a seed selects: each is right on every route, or refused with a true sentence.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';

import { described, planOf } from '../fuzz/film-plan.ts';
import { FORMATS, makeFilm } from '../fuzz/make-film.ts';
import { toleranceOf, truthOf } from '../fuzz/planned-film.ts';
import { judgeFilm } from '../judges/judge-film.ts';
import type { FetchOrder } from '../judges/served-film.ts';
import { inPool } from '../viewers/in-pool.ts';
import { startServer, type ServerProcess } from '../servers/server-process.ts';

/** Files per test: a test must not take long. */
const BLOCK = 10;
const WIDTH = 3;
/** Printed sentences per fault. */
const MAX_SENTENCES = 6;

/** Acceptable refusals: none, since every planned file can be played. */
const TRUE_REFUSALS: readonly RegExp[] = [];

/**
 * Defines the tests of the seeds `[from, to)` and of `others`. Each file is made, judged and removed. `RAFFI_FUZZ_SEED=17` judges that seed
 * alone.
 */
export function structureSuite(range: { from: number; to: number; others?: readonly number[] }): void {
  suite('films of every structure', () => {
    const stack = new AsyncDisposableStack();
    const blocks = blocksOf(range);
    const faults = new Map(blocks.flat().map((seed) => [seed, Promise.withResolvers<string | undefined>()]));
    let server: ServerProcess | undefined;
    before(async () => {
      const directory = await mkdtemp(join(tmpdir(), 'raffi-structures-'));
      stack.defer(() => rm(directory, { recursive: true, force: true }));
      server = stack.use(await startServer({ env: { RAFFI_SESSIONS_PER_MINUTE: '100000' } }));
      const place = { directory, serverUrl: server.url };
      let isOver = false;
      const judging = inPool(blocks.flat(), WIDTH, async (seed) => {
        if (!isOver) faults.get(seed)?.resolve(await faultOf(seed, place));
      });
      stack.defer(async () => {
        isOver = true;
        await judging;
      });
    });
    after(() => stack.disposeAsync());

    for (const seeds of blocks) {
      test(`seeds ${spanOf(seeds)} are right, or refused in true words`, async () => {
        const found = await Promise.all(seeds.flatMap((seed) => faults.get(seed)?.promise ?? []));
        const wrong = found.filter((fault) => fault !== undefined);
        assert.equal(wrong.length, 0, `${wrong.length} of ${seeds.length} films are wrong:\n${wrong.join('\n')}`);
        assert.doesNotMatch(server?.output() ?? '', /uncaught error|"code":"INTERNAL"/u);
      });
    }
  });
}

function spanOf(seeds: readonly number[]): string {
  const [first = 0, last = 0] = [seeds[0], seeds.at(-1)];
  return last - first === seeds.length - 1 ? `${first} to ${last}` : seeds.join(', ');
}

function blocksOf({ from, to, others = [] }: { from: number; to: number; others?: readonly number[] }): number[][] {
  const only = process.env['RAFFI_FUZZ_SEED'];
  if (only !== undefined) return [[Number(only)]];
  const seeds = [...Array.from({ length: to - from }, (_, index) => from + index), ...others];
  const blocks: number[][] = [];
  for (let first = 0; first < seeds.length; first += BLOCK) blocks.push(seeds.slice(first, first + BLOCK));
  return blocks;
}

/** One route is played from the start, the other by a viewer that seeks to the middle first. */
function ordersOf(seed: number): { order: FetchOrder; muxedOrder: FetchOrder } {
  return seed % 2 === 0 ? { order: 'middle', muxedOrder: 'start' } : { order: 'start', muxedOrder: 'middle' };
}

/** Undefined: no faults. */
async function faultOf(
  seed: number,
  { directory, serverUrl }: { directory: string; serverUrl: string },
): Promise<string | undefined> {
  const plan = planOf(seed);
  const path = join(directory, `seed-${seed}.${FORMATS[plan.container].extension}`);
  const again = `RAFFI_FUZZ_SEED=${seed} npm run test:structure`;
  try {
    await makeFilm(plan, path);
    const options = { truths: [truthOf(plan)], ...toleranceOf(plan), ...ordersOf(seed) };
    const { verdict, sentences } = await judgeFilm(serverUrl, path, options);
    if (verdict === 'right') return undefined;
    const [first = ''] = sentences;
    if (verdict === 'refused' && TRUE_REFUSALS.some((words) => words.test(first))) return undefined;
    const shown = sentences.slice(0, MAX_SENTENCES).map((sentence) => `    ${sentence}`);
    return [`  seed ${seed} (${described(plan)}) is ${verdict}: ${again}`, ...shown].join('\n');
  } catch (error) {
    return `  seed ${seed} (${described(plan)}) cannot be judged: ${again}\n    ${String(error)}`;
  } finally {
    await rm(path, { force: true });
  }
}
