// The record of one torrent in the vault: what changes is collected here, and written when it is saved.
import type { KeptTorrent } from '../protocol/torrent-store.ts';
import type { Vault } from './vault.ts';

const MOST_PEERS_KEPT = 100;

export class TorrentRecord {
  readonly #vault: Vault;
  #kept: KeptTorrent;
  #isChanged = false;

  constructor(kept: KeptTorrent, vault: Vault) {
    this.#kept = kept;
    this.#vault = vault;
  }

  get kept(): Readonly<KeptTorrent> {
    return this.#kept;
  }

  get isChanged(): boolean {
    return this.#isChanged;
  }

  /** It differs from what is stored; what by, is said when it is saved. */
  change(): void {
    this.#isChanged = true;
  }

  /** It is used now. */
  touch(): void {
    this.#kept.usedAtMs = Date.now();
    this.#isChanged = true;
  }

  rename(name: string): void {
    this.#kept.name = name;
    this.#isChanged = true;
  }

  /** Adds what is new. */
  merge({ name, trackers, peers, webSeeds }: Pick<KeptTorrent, 'name' | 'trackers' | 'peers' | 'webSeeds'>): void {
    const kept = this.#kept;
    this.#kept = {
      ...kept,
      name,
      trackers: union(kept.trackers, trackers),
      peers: union(kept.peers, peers).slice(-MOST_PEERS_KEPT),
      webSeeds: union(kept.webSeeds, webSeeds),
    };
    this.touch();
  }

  /** Writes it, changed by `progress`. One that could not be written counts as changed. */
  save(progress: Partial<Pick<KeptTorrent, 'downloadedBytes' | 'uploadedBytes' | 'verified'>> = {}): void {
    this.#kept = { ...this.#kept, ...progress };
    this.#isChanged = !this.#vault.save(this.#kept);
  }
}

export function union(some: readonly string[], more: readonly string[]): string[] {
  return [...new Set([...some, ...more])];
}
