// What the torrents leave on the disk: a directory each, and a row that says what of it is good. All of it is cache.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue, type SQLOutputValue } from 'node:sqlite';

export interface KeptTorrent {
  infoHash: string;
  name: string;
  trackers: readonly string[];
  peers: readonly string[];
  webSeeds: readonly string[];
  /** Pieces that passed their hash, as a bitfield; undefined before the metainfo was here. */
  verified: Uint8Array | undefined;
  downloadedBytes: number;
  uploadedBytes: number;
  /** Milliseconds since 1970. */
  usedAtMs: number;
}

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS torrents (
    info_hash TEXT PRIMARY KEY, name TEXT NOT NULL, addresses TEXT NOT NULL, verified BLOB,
    downloaded INTEGER NOT NULL, uploaded INTEGER NOT NULL, used_at INTEGER NOT NULL) STRICT;`;
const INFO_HASH = /^[0-9a-f]{40}$/u;

export class Vault implements Disposable {
  readonly #directory: string;
  readonly #database: DatabaseSync;
  readonly #log: (line: string) => void;
  #hasComplained = false;

  /** @throws the error of the file system when not even a new database can be made */
  constructor(directory: string, log: (line: string) => void) {
    this.#directory = directory;
    this.#log = log;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.#database = openDatabase(join(directory, 'torrents.db'));
    this.#removeUnknown();
  }

  torrents(): KeptTorrent[] {
    const rows = this.#database.prepare('SELECT * FROM torrents').all();
    return rows.map(keptTorrent).filter((each) => each !== undefined);
  }

  /** Whether it could be written: not on a full disk, for one. */
  save(torrent: KeptTorrent): boolean {
    const { infoHash, name, trackers, peers, webSeeds, verified, downloadedBytes, uploadedBytes, usedAtMs } = torrent;
    const addresses = JSON.stringify({ trackers, peers, webSeeds });
    return this.#tryTo('INSERT OR REPLACE INTO torrents VALUES (?, ?, ?, ?, ?, ?, ?)', [
      infoHash,
      name,
      addresses,
      verified ?? null,
      downloadedBytes,
      uploadedBytes,
      Math.round(usedAtMs),
    ]);
  }

  /** The files first: that makes room for the rest. A row that stays says nothing, as its files are gone. */
  remove(infoHash: string): void {
    rmSync(this.#directoryOf(infoHash), { recursive: true, force: true });
    this.#tryTo('DELETE FROM torrents WHERE info_hash = ?', [infoHash]);
  }

  /** Where its data goes; the directory is there afterwards. */
  dataPath(infoHash: string): string {
    mkdirSync(this.#directoryOf(infoHash), { recursive: true, mode: 0o700 });
    return join(this.#directoryOf(infoHash), 'data');
  }

  metainfo(infoHash: string): Uint8Array | undefined {
    try {
      return readFileSync(this.#metainfoPath(infoHash));
    } catch {
      return undefined;
    }
  }

  /** What cannot be kept is asked for again after a restart. */
  keepMetainfo(infoHash: string, metainfo: Uint8Array): void {
    const path = this.#metainfoPath(infoHash);
    try {
      mkdirSync(this.#directoryOf(infoHash), { recursive: true, mode: 0o700 });
      writeFileSync(`${path}.tmp`, metainfo, { mode: 0o600 });
      renameSync(`${path}.tmp`, path);
    } catch (error) {
      this.#log(`the torrent file of ${infoHash} could not be kept: ${String(error)}`);
    }
  }

  [Symbol.dispose](): void {
    if (this.#database.isOpen) this.#database.close();
  }

  /** Directories nobody knows anything about: a crash between two steps left them, or a database that was lost. */
  #removeUnknown(): void {
    const known = new Set(this.torrents().map(({ infoHash }) => infoHash));
    for (const name of readdirSync(this.#directory)) {
      if (INFO_HASH.test(name) && !known.has(name))
        rmSync(join(this.#directory, name), { recursive: true, force: true });
    }
  }

  /** One complaint is enough: it is tried again every second. */
  #tryTo(sql: string, values: SQLInputValue[]): boolean {
    try {
      this.#database.prepare(sql).run(...values);
      this.#hasComplained = false;
      return true;
    } catch (error) {
      if (!this.#hasComplained) this.#log(`the list of torrents could not be written: ${String(error)}`);
      this.#hasComplained = true;
      return false;
    }
  }

  #directoryOf(infoHash: string): string {
    if (!INFO_HASH.test(infoHash)) throw new TypeError('not an info hash');
    return join(this.#directory, infoHash);
  }

  #metainfoPath(infoHash: string): string {
    return join(this.#directoryOf(infoHash), 'metainfo.torrent');
  }
}

/** A damaged one is begun anew: then nothing is known of what is on the disk. */
function openDatabase(path: string): DatabaseSync {
  try {
    return prepared(path);
  } catch (error) {
    if (!isDamaged(error)) throw error;
    for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
    return prepared(path);
  }
}

/** SQLITE_CORRUPT, SQLITE_NOTADB. */
function isDamaged(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && (error.errcode === 11 || error.errcode === 26);
}

function prepared(path: string): DatabaseSync {
  const database = new DatabaseSync(path);
  try {
    database.exec('PRAGMA busy_timeout = 2000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    database.exec(SCHEMA);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Undefined for a row that no engine of ours wrote. */
function keptTorrent(row: Record<string, SQLOutputValue>): KeptTorrent | undefined {
  const { info_hash: infoHash, name, addresses, verified, downloaded, uploaded, used_at: usedAt } = row;
  if (typeof infoHash !== 'string' || !INFO_HASH.test(infoHash) || typeof addresses !== 'string') return undefined;
  const lists: unknown = JSON.parse(addresses);
  return {
    infoHash,
    name: String(name),
    trackers: texts(lists, 'trackers'),
    peers: texts(lists, 'peers'),
    webSeeds: texts(lists, 'webSeeds'),
    verified: verified instanceof Uint8Array ? verified : undefined,
    downloadedBytes: Number(downloaded),
    uploadedBytes: Number(uploaded),
    usedAtMs: Number(usedAt),
  };
}

function texts(lists: unknown, name: string): string[] {
  if (typeof lists !== 'object' || lists === null) return [];
  const list: unknown = Object.entries(lists).find(([key]) => key === name)?.[1];
  return Array.isArray(list) ? list.filter((each) => typeof each === 'string') : [];
}
