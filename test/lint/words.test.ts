// Words that may not come back into src/: names of our own for things that have one in the standards, and sentences without a subject.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';

const SRC = resolve(import.meta.dirname, '../../src');

/** By what stands in their place. */
const REPLACED: Record<string, readonly string[]> = {
  request: ['wish', 'wishes', 'wished'],
  'the noun that is meant': ['whoever', 'somebody', 'nobody', 'anybody'],
  invalidate: ['spoil', 'spoils', 'spoiled', 'spoilt'],
  'encode or repair': ['mend', 'mends', 'mended', 'mending'],
  corrupt: ['rotten'],
  'schedule or wake': ['poke', 'pokes', 'kick', 'kicks'],
  'media item': ['playables'],
  store: ['vault'],
  replica: ['mirror'],
  'a name of the thing': ['manager', 'helper', 'utils', 'misc'],
};

const WORDS = new Map(
  Object.entries(REPLACED).flatMap(([better, words]) => words.map((word): [string, string] => [word, better])),
);

test('words that have a standard word in their place are not used, in identifiers, comments and texts', () => {
  const found = globSync('**/*.ts', { cwd: SRC }).flatMap((path) =>
    readFileSync(resolve(SRC, path), 'utf8')
      .split('\n')
      .flatMap((line, index) =>
        wordsIn(line)
          .filter((word) => WORDS.has(word))
          .map((word) => `${path}:${index + 1}: ${word} (say: ${WORDS.get(word)})`),
      ),
  );
  assert.deepEqual(found, []);
});

/** Words of a line in lower case, those inside of an identifier too: `watchSpoiled` holds two. */
function wordsIn(line: string): string[] {
  return (line.match(/[A-Z]?[a-z]+|[A-Z]+(?![a-z])/gu) ?? []).map((word) => word.toLowerCase());
}
