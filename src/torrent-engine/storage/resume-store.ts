// The state of torrents on the disk, from which a download resumes: a directory for each, and a record of its verified pieces. All of it is cache.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KeptTorrent, OpenTorrentStore, TorrentStore } from '../protocol/torrent-store.ts';

const INFO_HASH = /^[0-9a-f]{40}$/u;

export class ResumeStore implements Disposable {
  readonly #directory: string;
  readonly #store: TorrentStore;
  readonly #log: (line: string) => void;
  #hasLogged = false;

  /** @throws the error of the file system when not even a new database can be made */
  constructor(directory: string, { openStore, log }: { openStore: OpenTorrentStore; log: (line: string) => void }) {
    this.#directory = directory;
    this.#log = log;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.#store = openStore(directory);
    this.#removeUnknown();
  }

  torrents(): KeptTorrent[] {
    return this.#store.all().filter(({ infoHash }) => INFO_HASH.test(infoHash));
  }

  /** Returns whether the record could be written; false for example on a full disk. */
  save(torrent: KeptTorrent): boolean {
    return this.#tryTo(() => this.#store.put(torrent));
  }

  /** Deletes the files first, which frees space for the write of the record. A record that stays is harmless without its files. */
  remove(infoHash: string): void {
    rmSync(this.#directoryOf(infoHash), { recursive: true, force: true });
    this.#tryTo(() => this.#store.delete(infoHash));
  }

  /** The path of the data file; makes its directory. */
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

  /** Stores the metainfo. If that fails, it is requested from peers again after a restart. */
  keepMetainfo(infoHash: string, metainfo: Uint8Array): void {
    const path = this.#metainfoPath(infoHash);
    try {
      mkdirSync(this.#directoryOf(infoHash), { recursive: true, mode: 0o700 });
      writeFileSync(`${path}.tmp`, metainfo, { mode: 0o600 });
      renameSync(`${path}.tmp`, path);
    } catch (error) {
      this.#log(`the torrent file of ${infoHash} could not be stored: ${String(error)}`);
    }
  }

  [Symbol.dispose](): void {
    this.#store[Symbol.dispose]();
  }

  /** Removes directories without a record: those of a crash between two steps, or of a lost database. */
  #removeUnknown(): void {
    const known = new Set(this.torrents().map(({ infoHash }) => infoHash));
    for (const name of readdirSync(this.#directory)) {
      if (INFO_HASH.test(name) && !known.has(name))
        rmSync(join(this.#directory, name), { recursive: true, force: true });
    }
  }

  /** Logs only the first of several failures: the write is tried again every second. */
  #tryTo(write: () => void): boolean {
    try {
      write();
      this.#hasLogged = false;
      return true;
    } catch (error) {
      if (!this.#hasLogged) this.#log(`the list of torrents could not be written: ${String(error)}`);
      this.#hasLogged = true;
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
