// docs/promises.md names tests: they must exist, under these names, and a row that names none must say that it is not yet.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';

const ROOT = resolve(import.meta.dirname, '../..');
const PAGE = readFileSync(resolve(ROOT, 'docs/promises.md'), 'utf8');

const rows = PAGE.split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| promise') && !line.startsWith('| ---'))
  .map((line) => line.split('|').map((cell) => cell.trim()));

test('every promise has a test, or says that it has none', () => {
  assert.ok(rows.length > 50);
  for (const [, promise = '', state = '', proof = ''] of rows) {
    assert.notEqual(state, '', promise);
    if (proof !== '') assert.match(proof, /^`test\/[a-z0-9/-]+\.test\.ts`(?:: .+)?$/u, promise);
    else assert.match(state, /not yet|there is no other/u, promise);
  }
});

test('every test that is named exists under that name', () => {
  for (const [, promise = '', , proof = ''] of rows) {
    const [, path, name = ''] = /^`([^`]+)`(?:: (.+))?$/u.exec(proof) ?? [];
    if (path === undefined) continue;
    const text = readFileSync(resolve(ROOT, path), 'utf8');
    assert.ok(text.includes(name), `${promise}: ${path} has no test "${name}"`);
  }
});
