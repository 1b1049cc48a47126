// What is installed is what was looked at: exact versions, known bytes, and no package runs a script at installation.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';

const ROOT = resolve(import.meta.dirname, '../..');

function textOf(name: string): string {
  return readFileSync(resolve(ROOT, name), 'utf8');
}

function membersOf(value: unknown, name: string): Record<string, unknown> {
  assert.ok(typeof value === 'object' && value !== null, name);
  return { ...value };
}

test('every package is asked for in one exact version', () => {
  const manifest = membersOf(JSON.parse(textOf('package.json')), 'package.json');
  for (const group of ['dependencies', 'devDependencies', 'optionalDependencies', 'overrides']) {
    const versions = Object.entries(membersOf(manifest[group], group));
    assert.ok(versions.length > 0, group);
    for (const [name, version] of versions) assert.match(String(version), /^\d+\.\d+\.\d+$/u, `${group}: ${name}`);
  }
});

test('what is asked for is what the lock file has', () => {
  const manifest = membersOf(JSON.parse(textOf('package.json')), 'package.json');
  const packages = membersOf(membersOf(JSON.parse(textOf('package-lock.json')), 'lock')['packages'], '');
  const asked = ['dependencies', 'devDependencies', 'optionalDependencies'].flatMap((group) =>
    Object.entries(membersOf(manifest[group], group)),
  );
  for (const [name, version] of asked)
    assert.equal(membersOf(packages[`node_modules/${name}`], name)['version'], version, name);
});

test('no package runs a script when it is installed', () => {
  assert.match(textOf('.npmrc'), /^ignore-scripts=true$/mu);
});

test('the lock file knows the bytes of every package, and no address to get them from', () => {
  const packages = Object.entries(
    membersOf(membersOf(JSON.parse(textOf('package-lock.json')), 'lock')['packages'], ''),
  );
  assert.ok(packages.length > 100);
  for (const [name, entry] of packages) {
    const { integrity, resolved, link } = membersOf(entry, name);
    assert.deepEqual([resolved, link], [undefined, undefined], name);
    if (name !== '') assert.match(String(integrity), /^sha512-/u, name);
  }
});
