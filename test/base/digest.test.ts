// Names in caches are digests: they must stay the same from version to version.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digest } from '../../src/base/digest.ts';
import { hasErrno } from '../../src/base/errno.ts';

test('a digest is the first half of SHA-256', () => {
  assert.equal(digest('abc'), 'ba7816bf8f01cfea414140de5dae2223');
  assert.equal(digest(''), 'e3b0c44298fc1c149afbf4c8996fb924');
});

test('parts count one after the other, texts as UTF-8', () => {
  assert.equal(digest('a', new Uint8Array([98]), '', 'c'), digest('abc'));
  assert.equal(digest('é'), digest(new Uint8Array([0xc3, 0xa9])));
});

test('an error is known by its code alone', () => {
  const error = Object.assign(new Error('no room'), { code: 'ENOSPC' });
  assert.ok(hasErrno(error, 'ENOENT', 'ENOSPC'));
  for (const other of [
    new Error('ENOSPC'),
    { code: 'ENOSPC' },
    'ENOSPC',
    undefined,
    Object.assign(new Error(), { code: 28 }),
  ])
    assert.ok(!hasErrno(other, 'ENOENT', 'ENOSPC'));
});
