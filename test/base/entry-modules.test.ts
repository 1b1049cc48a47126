// The modules that processes and threads start with: their names in a bundle, and their places in the source tree.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { suite, test } from 'node:test';

import { bundledName, entryModule } from '../../src/base/entry-modules.ts';

suite('names in a bundle', () => {
  const ROWS: [path: `${string}.ts`, expected: string][] = [
    ['main.ts', 'main.js'],
    ['media/worker/segment-worker.ts', 'segment-worker.js'],
    ['a.ts/b.ts', 'b.js'],
    ['a/b.ts.ts', 'b.ts.js'],
    ['a/bats.ts', 'bats.js'],
    ['a/.ts', '.js'],
  ];
  for (const [path, expected] of ROWS) test(path, () => assert.equal(bundledName(path), expected));
});

test('in the source tree an entry is the file itself', () => {
  assert.ok(entryModule('cli/main.ts').href.endsWith('/src/cli/main.ts'));
  assert.ok(existsSync(entryModule('cli/main.ts')));
});
