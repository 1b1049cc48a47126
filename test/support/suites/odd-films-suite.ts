// Odd files on both routes: from the start on one server, and from the middle on another server that has read nothing of them.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';

import { ODD_FILMS, oddFilm } from '../clips/odd/odd-films.ts';
import type { OddFilm } from '../clips/odd/odd-film.ts';
import { judgeFilm, type FilmVerdict } from '../judges/judge-film.ts';
import type { FetchOrder } from '../judges/served-film.ts';
import { startServer, type ServerProcess } from '../servers/server-process.ts';

/** Defines two tests for each file. @param names undefined: all files */
export function oddFilmsSuite(names: readonly string[]): void {
  suite('odd films', { concurrency: 2 }, () => {
    const stack = new AsyncDisposableStack();
    const servers = new Map<FetchOrder, ServerProcess>();
    before(async () => {
      for (const order of ['start', 'middle'] as const) servers.set(order, stack.use(await startServer()));
    });
    after(() => stack.disposeAsync());

    for (const name of names) {
      const film = ODD_FILMS.find((each) => each.name === name) ?? assert.fail(name);
      const verdicts = new Map<FetchOrder, FilmVerdict>();
      const judge = async (order: FetchOrder): Promise<FilmVerdict> => {
        const verdict = await judgedBy(servers.get(order), film, order);
        verdicts.set(order, verdict);
        return verdict;
      };
      suite(name, { concurrency: 1 }, () => {
        test('is right from its start to its end on every route', async () => {
          assertRight(await judge('start'));
        });
        test('is right and the same to the byte when a viewer seeks into its middle first', async () => {
          const sought = await judge('middle');
          assertRight(sought);
          assert.deepEqual(sought.hashes, verdicts.get('start')?.hashes);
        });
      });
    }
  });
}

async function judgedBy(server: ServerProcess | undefined, film: OddFilm, order: FetchOrder): Promise<FilmVerdict> {
  const { truths, tolerance, name } = film;
  return judgeFilm(server?.url ?? '', await oddFilm(name), { truths, ...tolerance, order, strict: true });
}

function assertRight({ verdict, sentences, routes }: FilmVerdict): void {
  assert.deepEqual(sentences, [], verdict);
  assert.ok(routes.includes('muxed') && routes.length >= 2, routes.join());
}
