// What the torrents leave on the disk: a directory each, and a row that says what of it is good. All of it is cache.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type SQLOutputValue } from 'node:sqlite';

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
    downloaded INTEGER NOT NULL, uploaded INTEGER NOT NULL, used_at INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS dht_nodes (host TEXT NOT NULL, port INTEGER NOT NULL, PRIMARY KEY (host, port)) STRICT;`;
const INFO_HASH = /^[0-9a-f]{40}$/u;
const DHT_NODES_KEPT = 200;

export class Vault implements Disposable {
  readonly #directory: string;
  readonly #database: DatabaseSync;

  /** @throws the error of the file system when not even a new database can be made */
  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.#database = openDatabase(join(directory, 'torrents.db'));
  }

  torrents(): KeptTorrent[] {
    const rows = this.#database.prepare('SELECT * FROM torrents').all();
    return rows.map(keptTorrent).filter((each) => each !== undefined);
  }

  save(torrent: KeptTorrent): void {
    const { infoHash, name, trackers, peers, webSeeds, verified, downloadedBytes, uploadedBytes, usedAtMs } = torrent;
    this.#database
      .prepare('INSERT OR REPLACE INTO torrents VALUES (?, ?, ?, ?, ?, ?, ?)')
      .run(
        infoHash,
        name,
        JSON.stringify({ trackers, peers, webSeeds }),
        verified ?? null,
        downloadedBytes,
        uploadedBytes,
        Math.round(usedAtMs),
      );
  }

  remove(infoHash: string): void {
    this.#database.prepare('DELETE FROM torrents WHERE info_hash = ?').run(infoHash);
    rmSync(this.#directoryOf(infoHash), { recursive: true, force: true });
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

  keepMetainfo(infoHash: string, metainfo: Uint8Array): void {
    const path = this.#metainfoPath(infoHash);
    mkdirSync(this.#directoryOf(infoHash), { recursive: true, mode: 0o700 });
    writeFileSync(`${path}.tmp`, metainfo, { mode: 0o600 });
    renameSync(`${path}.tmp`, path);
  }

  dhtNodes(): { host: string; port: number }[] {
    const rows = this.#database.prepare('SELECT host, port FROM dht_nodes').all();
    return rows.map(({ host, port }) => ({ host: String(host), port: Number(port) }));
  }

  keepDhtNodes(nodes: readonly { host: string; port: number }[]): void {
    this.#database.exec('DELETE FROM dht_nodes');
    const insert = this.#database.prepare('INSERT OR IGNORE INTO dht_nodes VALUES (?, ?)');
    for (const { host, port } of nodes.slice(0, DHT_NODES_KEPT)) insert.run(host, port);
  }

  [Symbol.dispose](): void {
    if (this.#database.isOpen) this.#database.close();
  }

  #directoryOf(infoHash: string): string {
    if (!INFO_HASH.test(infoHash)) throw new TypeError('not an info hash');
    return join(this.#directory, infoHash);
  }

  #metainfoPath(infoHash: string): string {
    return join(this.#directoryOf(infoHash), 'metainfo.torrent');
  }
}

/** A damaged one is begun anew: then all that is on the disk is worth nothing, and is deleted with it. */
function openDatabase(path: string): DatabaseSync {
  try {
    return prepared(path);
  } catch {
    for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
    return prepared(path);
  }
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
