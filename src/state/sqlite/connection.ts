// One connection to a SQLite file, with the settings that all of ours have.
import { rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';

/** Opens the file and has it prepared; it is closed again when that fails. @throws the error of SQLite, or of `prepare` */
export function connect(path: string, prepare: (database: DatabaseSync) => void): DatabaseSync {
  const database = new DatabaseSync(path);
  try {
    database.exec('PRAGMA busy_timeout = 2000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    prepare(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

export function removeDatabase(path: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
}
