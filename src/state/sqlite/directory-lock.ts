// A directory is locked by an open transaction on a database in it: SQLite's locks are those of the system, which end with the process.
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Name of the file in a locked directory. */
export const LOCK_NAME = 'lock.db';

/** Locks a directory until the result is disposed. @throws when a process has the lock, or none can be made there */
export function lockDirectory(path: string): Disposable {
  const database = new DatabaseSync(join(path, LOCK_NAME));
  try {
    database.exec('PRAGMA busy_timeout = 0; BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    throw error;
  }
  return {
    [Symbol.dispose]: () => {
      if (database.isOpen) database.close();
    },
  };
}
