// Values by key, as JSON in SQLite. A row that cannot be read is a row that is not there.
import type { DatabaseSync } from 'node:sqlite';

const BYTES_KEY = '$base64';

/** Each method may throw the error of SQLite. */
export class SqliteValues {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  get(key: string): unknown {
    const row = this.#database
      .prepare('UPDATE knowledge SET used_at = ? WHERE source_id = ? RETURNING value')
      .get(Date.now(), key);
    return typeof row?.['value'] === 'string' ? decoded(row['value']) : undefined;
  }

  put(key: string, value: unknown): void {
    this.#database
      .prepare('INSERT OR REPLACE INTO knowledge (source_id, value, used_at) VALUES (?, ?, ?)')
      .run(key, JSON.stringify(value, encodeBytes), Date.now());
  }
}

/** For texts that can be made again: a full disk, or a database that another server holds for long, costs only that. */
export class SqliteTexts {
  readonly #values: SqliteValues;

  constructor(database: DatabaseSync) {
    this.#values = new SqliteValues(database);
  }

  get(key: string): unknown {
    try {
      return this.#values.get(key);
    } catch {
      return undefined;
    }
  }

  put(key: string, value: unknown): void {
    try {
      this.#values.put(key, value);
    } catch {
      // It is made again.
    }
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
