import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { openDatabase } from '../../src/state/sqlite/database.ts';
import { SqliteCastTokenStore } from '../../src/state/sqlite/sqlite-cast-token-store.ts';
import { SqliteKnowledgeStore } from '../../src/state/sqlite/sqlite-knowledge-store.ts';
import { SqliteSessionStore } from '../../src/state/sqlite/sqlite-session-store.ts';
import { RECORD } from '../support/stores/session-record.ts';

function directory(): { path: string } & Disposable {
  const path = mkdtempSync(join(tmpdir(), 'raffi-test-store-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

test('a record that makes no sense is dropped, the others are not', async () => {
  using database = openDatabase(':memory:');
  const store = new SqliteSessionStore(database, { owner: 'a', isAlive: () => false });
  await store.put(RECORD);
  const insert = database.prepare('INSERT INTO sessions VALUES (?, ?, ?)');
  for (const [index, record] of ['', '{', '{}', JSON.stringify({ ...RECORD, id: 7 })].entries())
    insert.run(`bad-${index}`, 'x', record);
  assert.deepEqual(await store.takeOver(), [RECORD]);
  assert.equal(database.prepare('SELECT count(*) AS n FROM sessions').get()?.['n'], 1);
});

test('tokens go with their session, and come back with those that were taken over', async () => {
  using database = openDatabase(':memory:');
  const sessions = (owner: string) => new SqliteSessionStore(database, { owner, isAlive: (name) => name === 'alive' });
  const tokens = (owner: string) => new SqliteCastTokenStore(database, { owner });
  const token = (hash: string, sessionId: string) => ({ hash, sessionId, lifeMs: 900_000, expiresAtMs: 5 });
  await sessions('dead').put(RECORD);
  await sessions('dead').put({ ...RECORD, id: 'two' });
  await sessions('alive').put({ ...RECORD, id: 'three' });
  await tokens('dead').put(token('h1', 'one'));
  await tokens('dead').put({ ...token('h1', 'one'), expiresAtMs: 6 });
  await tokens('dead').put(token('h2', 'one'));
  await tokens('dead').put(token('h3', 'two'));
  await tokens('alive').put(token('h4', 'three'));
  await tokens('dead').put(token('h5', 'nobody'));
  await tokens('dead').delete('h2');
  await sessions('dead').put({ ...RECORD, positionSeconds: 9 });
  await sessions('dead').delete('two');
  assert.deepEqual(await tokens('next').takeOver(), []);
  await sessions('next').takeOver();
  assert.deepEqual(await tokens('next').takeOver(), [{ ...token('h1', 'one'), expiresAtMs: 6 }]);
  assert.equal(database.prepare('SELECT count(*) AS n FROM cast_tokens').get()?.['n'], 2);
});

test('knowledge keeps values of JSON and bytes inside them', async () => {
  using database = openDatabase(':memory:');
  const store = new SqliteKnowledgeStore(database);
  const value = { tracks: [{ configuration: new Uint8Array([1, 2, 255]), codec: 'h264' }], none: null, n: 1.5 };
  await store.put('source', value);
  assert.deepEqual(await store.get('source'), value);
  await store.put('source', {
    tracks: [{ configuration: Buffer.from([1, 2, 255]), codec: 'h264' }],
    none: null,
    n: 1.5,
  });
  assert.deepEqual(await store.get('source'), value, 'bytes from another process come as a Buffer');
  await store.put('source', { n: 2 });
  assert.deepEqual(await store.get('source'), { n: 2 });
  assert.equal(await store.get('other'), undefined);
  database.prepare("UPDATE knowledge SET value = '{'").run();
  assert.equal(await store.get('source'), undefined);
});

test('a database survives being closed, and only its owner may read it', async () => {
  using home = directory();
  const path = join(home.path, 'deep', 'raffi.db');
  const open = () => openDatabase(path);
  using first = open();
  await new SqliteKnowledgeStore(first).put('source', { n: 1 });
  first.close();
  using second = open();
  assert.deepEqual(await new SqliteKnowledgeStore(second).get('source'), { n: 1 });
  if (process.platform !== 'win32') assert.equal(statSync(join(home.path, 'deep')).mode & 0o077, 0);
});

const DAMAGE: [string, (path: string) => void][] = [
  ['nonsense', (path) => writeFileSync(path, 'nonsense'.repeat(1000))],
  ['a cut file', (path) => truncateSync(path, 5000)],
  ['a newer schema', (path) => executed(path, 'PRAGMA user_version = 99')],
];

for (const [name, damage] of DAMAGE) {
  test(`${name} is replaced by a new database`, async () => {
    using home = directory();
    const path = join(home.path, 'raffi.db');
    executed(path, "INSERT INTO knowledge VALUES ('a', '1', 0)");
    damage(path);
    using database = openDatabase(path);
    const store = new SqliteKnowledgeStore(database);
    await store.put('b', 2);
    assert.deepEqual([await store.get('a'), await store.get('b')], [undefined, 2]);
  });
}

function executed(path: string, sql: string): void {
  using database = openDatabase(path);
  database.exec(sql);
}
