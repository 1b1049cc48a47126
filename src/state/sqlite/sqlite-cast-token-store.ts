// Hashes of cast tokens in SQLite, each beside the session it is for: whoever ends the session ends them.
import type { DatabaseSync } from 'node:sqlite';

import type { Logger } from '../../base/logger.ts';

export interface CastTokenRow {
  hash: string;
  sessionId: string;
  lifeMs: number;
  /** Wall clock, milliseconds. */
  expiresAtMs: number;
}

export interface SqliteCastTokenStoreOptions {
  /** Name of this server among those that share the file. */
  owner: string;
  log: Logger;
}

export class SqliteCastTokenStore {
  readonly #database: DatabaseSync;
  readonly #options: SqliteCastTokenStoreOptions;

  constructor(database: DatabaseSync, options: SqliteCastTokenStoreOptions) {
    this.#database = database;
    this.#options = options;
  }

  /** Tokens of the sessions that are ours; of those taken over only once they have been. */
  takeOver(): CastTokenRow[] {
    const rows = this.#attempt(() =>
      this.#database
        .prepare(
          'SELECT hash, session_id, life_ms, expires_at_ms FROM cast_tokens JOIN sessions ON sessions.id = session_id WHERE owner = ?',
        )
        .all(this.#options.owner),
    );
    return (rows ?? []).map((row) => ({
      hash: String(row['hash']),
      sessionId: String(row['session_id']),
      lifeMs: Number(row['life_ms']),
      expiresAtMs: Number(row['expires_at_ms']),
    }));
  }

  put({ hash, sessionId, lifeMs, expiresAtMs }: CastTokenRow): void {
    this.#attempt(() =>
      this.#database
        .prepare('INSERT OR REPLACE INTO cast_tokens (hash, session_id, life_ms, expires_at_ms) VALUES (?, ?, ?, ?)')
        .run(hash, sessionId, Math.round(lifeMs), Math.round(expiresAtMs)),
    );
  }

  delete(hash: string): void {
    this.#attempt(() => this.#database.prepare('DELETE FROM cast_tokens WHERE hash = ?').run(hash));
  }

  /** A full disk must not end a film: tokens then only live in memory. */
  #attempt<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (err) {
      this.#options.log.warn({ err }, 'cast tokens could not be stored');
      return undefined;
    }
  }
}
