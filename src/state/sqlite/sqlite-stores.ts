// All stores of the server, in one SQLite file.
import type { Logger } from '../../base/logger.ts';
import type { KnowledgeStore, SessionStore } from '../session-store.ts';
import { openDatabase } from './database.ts';
import { SqliteCastTokenStore } from './sqlite-cast-token-store.ts';
import { SqliteKnowledgeStore } from './sqlite-knowledge-store.ts';
import { SqliteSessionStore } from './sqlite-session-store.ts';

export interface SqliteStoresOptions {
  /** Name of this server among those that share the file. */
  owner: string;
  isAlive(owner: string): boolean;
  log: Logger;
}

export interface SqliteStores extends Disposable {
  sessions: SessionStore;
  knowledge: KnowledgeStore;
  castTokens: SqliteCastTokenStore;
}

/** At `path`, or in memory for `:memory:`. @throws the error of the file system when not even a new file can be made */
export function openStores(path: string, { owner, isAlive, log }: SqliteStoresOptions): SqliteStores {
  const database = openDatabase(path);
  return {
    sessions: new SqliteSessionStore(database, { owner, isAlive }),
    knowledge: new SqliteKnowledgeStore(database),
    castTokens: new SqliteCastTokenStore(database, { owner, log }),
    [Symbol.dispose]: () => database.close(),
  };
}
