// Sessions in SQLite. A row belongs to the server that made it; rows of servers that are gone can be taken over.
import type { DatabaseSync } from 'node:sqlite';
import { Type } from 'typebox';
import { Value } from 'typebox/value';

import type { SessionRecord, SessionStore } from '../session-store.ts';

export interface SqliteSessionStoreOptions {
  /** Name of this server among those that share the file. */
  owner: string;
  isAlive(owner: string): boolean;
}

const RECORD = Type.Object({
  id: Type.String(),
  source: Type.Object({
    uri: Type.String(),
    kind: Type.Enum(['http', 'torrent', 'file']),
    headers: Type.Record(Type.String(), Type.String()),
    fileIndex: Type.Optional(Type.Integer()),
    requester: Type.Optional(Type.Enum(['owner', 'network'])),
  }),
  kind: Type.String(),
  quality: Type.Optional(Type.String()),
  createdAtMs: Type.Number(),
  startSeconds: Type.Number(),
  positionSeconds: Type.Number(),
  audioIndex: Type.Optional(Type.Integer()),
  lastRequestAtMs: Type.Number(),
});

export class SqliteSessionStore implements SessionStore {
  readonly #database: DatabaseSync;
  readonly #options: SqliteSessionStoreOptions;

  constructor(database: DatabaseSync, options: SqliteSessionStoreOptions) {
    this.#database = database;
    this.#options = options;
  }

  async takeOver(): Promise<SessionRecord[]> {
    const rows = this.#database.prepare('SELECT id, owner, record FROM sessions').all();
    const claim = this.#database.prepare('UPDATE sessions SET owner = ? WHERE id = ? AND owner = ?');
    const records: SessionRecord[] = [];
    for (const { id, owner, record } of rows) {
      if (typeof id !== 'string' || typeof owner !== 'string' || typeof record !== 'string') continue;
      if (owner !== this.#options.owner && this.#options.isAlive(owner)) continue;
      const read = parseRecord(record);
      if (read === undefined) await this.delete(id);
      else if (claim.run(this.#options.owner, id, owner).changes === 1) records.push(read);
    }
    return records;
  }

  async put(record: SessionRecord): Promise<void> {
    this.#database
      .prepare(
        'INSERT INTO sessions (id, owner, record) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET owner = excluded.owner, record = excluded.record',
      )
      .run(record.id, this.#options.owner, JSON.stringify(record));
  }

  async delete(id: string): Promise<void> {
    this.#database.prepare('DELETE FROM sessions WHERE id = ?').run(id);
  }
}

function parseRecord(text: string): SessionRecord | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!Value.Check(RECORD, value)) return undefined;
    const { quality, audioIndex, source } = value;
    return { ...value, quality, audioIndex, source: { ...source, fileIndex: source.fileIndex } };
  } catch {
    return undefined;
  }
}
