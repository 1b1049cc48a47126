// The SQLite file of the server: opened, migrated, and made anew when it is damaged. All in it is cache.
import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { MIB } from '../../base/units.ts';

import { connect, removeDatabase } from './connection.ts';

/** Each entry brings the schema from version i to i + 1 (`PRAGMA user_version`). */
const MIGRATIONS = [
  `CREATE TABLE sessions (id TEXT PRIMARY KEY, owner TEXT NOT NULL, record TEXT NOT NULL) STRICT;
   CREATE TABLE knowledge (source_id TEXT PRIMARY KEY, value TEXT NOT NULL, used_at INTEGER NOT NULL) STRICT;`,
  `CREATE TABLE cast_tokens (hash TEXT PRIMARY KEY, session_id TEXT NOT NULL REFERENCES sessions (id) ON DELETE CASCADE,
     life_ms INTEGER NOT NULL, expires_at_ms INTEGER NOT NULL) STRICT;
   CREATE INDEX cast_tokens_by_session ON cast_tokens (session_id);`,
] as const;

/** Larger files are not searched for damage at start: it would take seconds. */
const CHECKED_SIZE_BYTES = 64 * MIB;

/**
 * Opens the database at `path`, or in memory for `:memory:`. Only its owner may read the file: records hold the headers of sources.
 * @throws the error of the file system when not even a new file can be made
 */
export function openDatabase(path: string): DatabaseSync {
  if (path === ':memory:') return prepared(path);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    return prepared(path);
  } catch {
    removeDatabase(path);
    return prepared(path);
  }
}

function prepared(path: string): DatabaseSync {
  return connect(path, (database) => {
    assertSound(database, path);
    migrate(database);
  });
}

function assertSound(database: DatabaseSync, path: string): void {
  if (path === ':memory:' || statSync(path).size > CHECKED_SIZE_BYTES) return;
  const verdict = database.prepare('PRAGMA quick_check(1)').get();
  if (verdict?.['quick_check'] !== 'ok') throw new Error('the database is damaged');
}

function migrate(database: DatabaseSync): void {
  // Without a write there is nothing to wait for.
  if (versionOf(database) === MIGRATIONS.length) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    const version = versionOf(database);
    if (version > MIGRATIONS.length) throw new Error('the database is of a newer server');
    for (const migration of MIGRATIONS.slice(version)) database.exec(migration);
    database.exec(`PRAGMA user_version = ${MIGRATIONS.length}`);
    database.exec('COMMIT');
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}

function versionOf(database: DatabaseSync): number {
  return Number(database.prepare('PRAGMA user_version').get()?.['user_version']);
}
