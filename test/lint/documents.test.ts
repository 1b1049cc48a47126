// The documents name files that exist.
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';

const ROOT = resolve(import.meta.dirname, '../..');
const DOCUMENTS = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
  ...globSync('docs/*.md', { cwd: ROOT }),
];

for (const document of DOCUMENTS) {
  test(`${document} names files that exist`, () => {
    const text = readFileSync(join(ROOT, document), 'utf8');
    const paths = [...text.matchAll(/(?<![\w/.-])((?:src|test|scripts|bench|docs)\/[\w./*-]*\w)/gu)].map(
      ([, path]) => path ?? '',
    );
    assert.deepEqual(
      [...new Set(paths)].filter((path) => globSync(path, { cwd: ROOT }).length === 0),
      [],
    );
  });

  test(`${document} links to files that exist`, () => {
    const text = readFileSync(join(ROOT, document), 'utf8');
    const links = [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/gu)].map(([, link]) => link ?? '');
    assert.deepEqual(
      [...new Set(links)].filter((link) => !existsSync(resolve(ROOT, document, '..', link))),
      [],
    );
  });
}
