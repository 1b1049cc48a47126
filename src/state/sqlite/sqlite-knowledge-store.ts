// What was learned about sources, as JSON in SQLite. A row that cannot be read is a row that is not there.
import type { DatabaseSync } from 'node:sqlite';

import type { KnowledgeStore } from '../session-store.ts';

/** Sources whose knowledge is kept; those used longest ago go first. */
const KEPT_SOURCES = 2000;
const BYTES_KEY = '$base64';

export class SqliteKnowledgeStore implements KnowledgeStore {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    database
      .prepare(
        'DELETE FROM knowledge WHERE source_id NOT IN (SELECT source_id FROM knowledge ORDER BY used_at DESC LIMIT ?)',
      )
      .run(KEPT_SOURCES);
  }

  get(sourceId: string): unknown {
    const row = attempt(() =>
      this.#database
        .prepare('UPDATE knowledge SET used_at = ? WHERE source_id = ? RETURNING value')
        .get(Date.now(), sourceId),
    );
    return typeof row?.['value'] === 'string' ? decoded(row['value']) : undefined;
  }

  put(sourceId: string, value: unknown): void {
    attempt(() =>
      this.#database
        .prepare('INSERT OR REPLACE INTO knowledge (source_id, value, used_at) VALUES (?, ?, ?)')
        .run(sourceId, JSON.stringify(value, encodeBytes), Date.now()),
    );
  }
}

/** A full disk, or a database that another server holds for long, costs what would have been known, not the film. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

/** Looks at what its owner holds: a Buffer's own `toJSON` comes before this function. */
function encodeBytes(this: unknown, key: string, value: unknown): unknown {
  const held: unknown = typeof this === 'object' && this !== null ? Reflect.get(this, key) : value;
  return held instanceof Uint8Array ? { [BYTES_KEY]: Buffer.from(held).toString('base64') } : value;
}

function decoded(text: string): unknown {
  try {
    return JSON.parse(text, decodeBytes);
  } catch {
    return undefined;
  }
}

function decodeBytes(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !(BYTES_KEY in value)) return value;
  const bytes = value[BYTES_KEY];
  return typeof bytes === 'string' ? new Uint8Array(Buffer.from(bytes, 'base64')) : value;
}
