// docs/promises.md and the threats in docs/security.md name tests: they must exist, under these names, and what has none must say that
// it is not yet.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';

const ROOT = resolve(import.meta.dirname, '../..');
const PROOF = /^`(test\/[a-z0-9/-]+\.test\.ts)`(?:: (.+))?$/u;

/** Cells of the rows of all tables of a page. */
function rowsOf(page: string): string[][] {
  return readFileSync(resolve(ROOT, page), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| ---'))
    .map((line) => {
      const cells = line.split('|').map((cell) => cell.trim());
      return cells.slice(1, -1);
    });
}

const promises = rowsOf('docs/promises.md').filter(([promise]) => promise !== 'promise');

interface Threat {
  number: number;
  defences: string[];
  /** Tests, and what is not yet. */
  proofs: string[];
}

/** Sections `### 1. Title` with two lists. */
const threats = readFileSync(resolve(ROOT, 'docs/security.md'), 'utf8')
  .split(/^### (?=\d+\. )/mu)
  .slice(1)
  .map((section): Threat => {
    const [own = ''] = section.split(/^## /mu);
    const [defence = '', shown = ''] = own.split('Shown by:');
    return { number: Number.parseInt(own, 10), defences: itemsOf(defence), proofs: itemsOf(shown) };
  });

function itemsOf(list: string): string[] {
  return [...list.matchAll(/^- (.+)$/gmu)].map(([, item = '']) => item);
}

function assertExists(proof: string): void {
  const [, path = '', name = ''] = PROOF.exec(proof) ?? [];
  assert.notEqual(path, '', `"${proof}" names no test`);
  const text = readFileSync(resolve(ROOT, path), 'utf8');
  assert.ok(text.includes(name), `${path} has no test "${name}"`);
}

test('every promise has a test, or says that it has none', () => {
  assert.ok(promises.length > 50);
  for (const [promise = '', state = '', proof = ''] of promises) {
    assert.notEqual(state, '', promise);
    if (proof !== '') assert.match(proof, PROOF, promise);
    else assert.match(state, /not yet|there is no other/u, promise);
  }
});

test('every test that a promise names exists under that name', () => {
  for (const [, , proof = ''] of promises) if (proof !== '') assertExists(proof);
});

test('every threat has a test, and what is missing is said', () => {
  assert.deepEqual(
    threats.map(({ number }) => number),
    Array.from({ length: 27 }, (_, index) => index + 1),
  );
  for (const { number, defences, proofs } of threats) {
    const tests = proofs.filter((proof) => !proof.startsWith('not yet: '));
    assert.ok(defences.length > 0 && tests.length > 0, `threat ${number}`);
    for (const proof of tests) assertExists(proof);
  }
});
