// The records of torrents in SQLite, in the directory of their data.
import { join } from 'node:path';
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';

import type { KeptTorrent, TorrentStore } from '../../torrent-engine/protocol/torrent-store.ts';
import { connect, removeDatabase } from './connection.ts';

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS torrents (
    info_hash TEXT PRIMARY KEY, name TEXT NOT NULL, addresses TEXT NOT NULL, verified BLOB,
    downloaded INTEGER NOT NULL, uploaded INTEGER NOT NULL, used_at INTEGER NOT NULL) STRICT;`;

/** A damaged database is begun anew: then nothing is known of the data on the disk. @throws the error of the file system */
export function openTorrentStore(directory: string): TorrentStore {
  const path = join(directory, 'torrents.db');
  const open = (): TorrentStore => new SqliteTorrentStore(connect(path, (database) => database.exec(SCHEMA)));
  try {
    return open();
  } catch (error) {
    if (!isDamaged(error)) throw error;
    removeDatabase(path);
    return open();
  }
}

class SqliteTorrentStore implements TorrentStore {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  all(): KeptTorrent[] {
    const rows = this.#database.prepare('SELECT * FROM torrents').all();
    return rows.map(keptTorrent).filter((each) => each !== undefined);
  }

  put(torrent: KeptTorrent): void {
    const { infoHash, name, trackers, peers, webSeeds, verified, downloadedBytes, uploadedBytes, usedAtMs } = torrent;
    const addresses = JSON.stringify({ trackers, peers, webSeeds });
    this.#database
      .prepare('INSERT OR REPLACE INTO torrents VALUES (?, ?, ?, ?, ?, ?, ?)')
      .run(infoHash, name, addresses, verified ?? null, downloadedBytes, uploadedBytes, Math.round(usedAtMs));
  }

  delete(infoHash: string): void {
    this.#database.prepare('DELETE FROM torrents WHERE info_hash = ?').run(infoHash);
  }

  [Symbol.dispose](): void {
    if (this.#database.isOpen) this.#database.close();
  }
}

/** SQLITE_CORRUPT, SQLITE_NOTADB. */
function isDamaged(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && (error.errcode === 11 || error.errcode === 26);
}

/** Undefined for a row that no engine of ours wrote. */
function keptTorrent(row: Record<string, SQLOutputValue>): KeptTorrent | undefined {
  const { info_hash: infoHash, name, addresses, verified, downloaded, uploaded, used_at: usedAt } = row;
  if (typeof infoHash !== 'string' || typeof addresses !== 'string') return undefined;
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
