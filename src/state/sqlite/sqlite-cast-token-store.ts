// Hashes of cast tokens in SQLite, each with its session: they are deleted with the session.
import type { DatabaseSync } from 'node:sqlite';

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
}

export class SqliteCastTokenStore {
  readonly #database: DatabaseSync;
  readonly #options: SqliteCastTokenStoreOptions;

  constructor(database: DatabaseSync, options: SqliteCastTokenStoreOptions) {
    this.#database = database;
    this.#options = options;
  }

  /** Tokens of the sessions that are ours; of those taken over only once they have been. */
  async takeOver(): Promise<CastTokenRow[]> {
    const rows = this.#database
      .prepare(
        'SELECT hash, session_id, life_ms, expires_at_ms FROM cast_tokens JOIN sessions ON sessions.id = session_id WHERE owner = ?',
      )
      .all(this.#options.owner);
    return rows.map((row) => ({
      hash: String(row['hash']),
      sessionId: String(row['session_id']),
      lifeMs: Number(row['life_ms']),
      expiresAtMs: Number(row['expires_at_ms']),
    }));
  }

  /** Nothing is kept for a session that is not there. */
  async put({ hash, sessionId, lifeMs, expiresAtMs }: CastTokenRow): Promise<void> {
    this.#database
      .prepare(
        'INSERT OR REPLACE INTO cast_tokens (hash, session_id, life_ms, expires_at_ms) SELECT ?, id, ?, ? FROM sessions WHERE id = ?',
      )
      .run(hash, Math.round(lifeMs), Math.round(expiresAtMs), sessionId);
  }

  async delete(hash: string): Promise<void> {
    this.#database.prepare('DELETE FROM cast_tokens WHERE hash = ?').run(hash);
  }
}
