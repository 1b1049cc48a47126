// What was learned about sources, in SQLite.
import type { DatabaseSync } from 'node:sqlite';

import type { KnowledgeStore } from '../session-store.ts';
import { SqliteValues } from './sqlite-values.ts';

/** Sources whose knowledge is kept; those used longest ago go first. */
const KEPT_SOURCES = 2000;

export class SqliteKnowledgeStore implements KnowledgeStore {
  readonly #values: SqliteValues;

  constructor(database: DatabaseSync) {
    this.#values = new SqliteValues(database);
    database
      .prepare(
        'DELETE FROM knowledge WHERE source_id NOT IN (SELECT source_id FROM knowledge ORDER BY used_at DESC LIMIT ?)',
      )
      .run(KEPT_SOURCES);
  }

  async get(sourceId: string): Promise<unknown> {
    return this.#values.get(sourceId);
  }

  async put(sourceId: string, value: unknown): Promise<void> {
    this.#values.put(sourceId, value);
  }
}
