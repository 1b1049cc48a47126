// What the torrents leave on the disk: a directory each, and a record that says what of it is good. All of it is cache.
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { KeptTorrent, OpenTorrentStore, TorrentStore } from '../protocol/torrent-store.ts';

const INFO_HASH = /^[0-9a-f]{40}$/u;

export class Vault implements Disposable {
  readonly #directory: string;
  readonly #store: TorrentStore;
  readonly #log: (line: string) => void;
  #hasComplained = false;

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

  /** Whether it could be written: not on a full disk, for one. */
  save(torrent: KeptTorrent): boolean {
    return this.#tryTo(() => this.#store.put(torrent));
  }

  /** The files first: that makes room for the rest. A record that stays says nothing, as its files are gone. */
  remove(infoHash: string): void {
    rmSync(this.#directoryOf(infoHash), { recursive: true, force: true });
    this.#tryTo(() => this.#store.delete(infoHash));
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
    this.#store[Symbol.dispose]();
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
  #tryTo(write: () => void): boolean {
    try {
      write();
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
