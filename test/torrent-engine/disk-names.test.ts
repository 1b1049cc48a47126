// What a torrent is called on the disk: by its info hash alone, in a directory that is ours, and never through a link.
import assert from 'node:assert/strict';
import { mkdtempDisposableSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { openTorrentStore } from '../../src/state/sqlite/sqlite-torrent-store.ts';
import { DataFile } from '../../src/torrent-engine/download/data-file.ts';
import { ResumeStore } from '../../src/torrent-engine/storage/resume-store.ts';

test('what is no info hash names no directory', () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'raffi-resume-'));
  using store = new ResumeStore(join(folder.path, 'torrents'), { openStore: openTorrentStore, log: assert.fail });
  const hash = '0123456789abcdef0123456789abcdef01234567';
  assert.equal(store.dataPath(hash), join(folder.path, 'torrents', hash, 'data'));
  for (const name of [
    '',
    '..',
    '../climbed',
    '/tmp/absolute',
    `${hash}/../x`,
    `../${hash}`,
    hash.toUpperCase(),
    `${hash}\n`,
  ]) {
    assert.throws(() => store.dataPath(name), TypeError, name);
    assert.throws(() => store.remove(name), TypeError, name);
  }
});

test('bytes are never written through a link that lies where they go', { skip: process.platform === 'win32' }, () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'raffi-data-'));
  const [victim, data] = [join(folder.path, 'victim'), join(folder.path, 'data')];
  writeFileSync(victim, 'untouched');
  symlinkSync(victim, data);
  assert.throws(() => new DataFile(data, 5), { code: 'ELOOP' });
  assert.equal(readFileSync(victim, 'utf8'), 'untouched');
});
