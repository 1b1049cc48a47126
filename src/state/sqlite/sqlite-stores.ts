// All stores of the server, in one SQLite file.
import type { KnowledgeStore, SessionStore } from '../session-store.ts';
import { openDatabase } from './database.ts';
import { SqliteCastTokenStore } from './sqlite-cast-token-store.ts';
import { SqliteKnowledgeStore } from './sqlite-knowledge-store.ts';
import { SqliteSessionStore } from './sqlite-session-store.ts';
import { SqliteTexts } from './sqlite-values.ts';

export interface SqliteStoresOptions {
  /** Name of this server among those that share the file. */
  owner: string;
  isAlive(owner: string): boolean;
}

export interface SqliteStores extends Disposable {
  sessions: SessionStore;
  knowledge: KnowledgeStore;
  castTokens: SqliteCastTokenStore;
  /** Texts by key, beside what was learned. Of this machine: its calls do not wait. */
  texts: SqliteTexts;
}

/** At `path`, or in memory for `:memory:`. @throws the error of the file system when not even a new file can be made */
export function openStores(path: string, { owner, isAlive }: SqliteStoresOptions): SqliteStores {
  const database = openDatabase(path);
  return {
    sessions: new SqliteSessionStore(database, { owner, isAlive }),
    knowledge: new SqliteKnowledgeStore(database),
    texts: new SqliteTexts(database),
    castTokens: new SqliteCastTokenStore(database, { owner }),
    [Symbol.dispose]: () => database.close(),
  };
}
