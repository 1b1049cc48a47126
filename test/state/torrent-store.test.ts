// The records of torrents and the lock of a directory, on the disk.
import assert from 'node:assert/strict';
import { mkdtempDisposableSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { lockDirectory } from '../../src/state/sqlite/directory-lock.ts';
import { openTorrentStore } from '../../src/state/sqlite/sqlite-torrent-store.ts';
import type { KeptTorrent } from '../../src/torrent-engine/protocol/torrent-store.ts';

const TORRENT: KeptTorrent = {
  infoHash: '0123456789abcdef0123456789abcdef01234567',
  name: 'Film',
  trackers: ['udp://tracker.example:1'],
  peers: ['127.0.0.1:2'],
  webSeeds: ['https://seed.example/film'],
  verified: new Uint8Array([255, 0, 128]),
  downloadedBytes: 3,
  uploadedBytes: 4,
  usedAtMs: 5,
};

test('a record comes back as it was put, after the store was opened again', () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'raffi-store-'));
  const other = { ...TORRENT, infoHash: 'f'.repeat(40), verified: undefined };
  {
    using store = openTorrentStore(folder.path);
    store.put({ ...TORRENT, name: 'Old name' });
    store.put(TORRENT);
    store.put(other);
    store.put({ ...other, infoHash: 'a'.repeat(40) });
    store.delete('a'.repeat(40));
    store.delete('b'.repeat(40));
  }
  using store = openTorrentStore(folder.path);
  assert.deepEqual(store.all(), [TORRENT, other]);
});

test('a damaged file is begun anew', () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'raffi-store-'));
  writeFileSync(join(folder.path, 'torrents.db'), 'nonsense'.repeat(1000));
  using store = openTorrentStore(folder.path);
  assert.deepEqual(store.all(), []);
  store.put(TORRENT);
  assert.deepEqual(store.all(), [TORRENT]);
});

test('a directory has one lock at a time, and is free when it was disposed, however often', () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'raffi-lock-'));
  const first = lockDirectory(folder.path);
  assert.throws(() => lockDirectory(folder.path));
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  using second = lockDirectory(folder.path);
  assert.ok(second);
  assert.throws(() => lockDirectory(folder.path));
});

test('a directory that is not there cannot be locked', () => {
  assert.throws(() => lockDirectory(join(tmpdir(), 'raffi-there-is-no-such-directory')));
});
