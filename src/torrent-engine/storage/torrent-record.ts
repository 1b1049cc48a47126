// The record of one torrent in the resume store: collects changes until it is saved.
import type { KeptTorrent } from '../protocol/torrent-store.ts';
import type { ResumeStore } from './resume-store.ts';

const MOST_PEERS_KEPT = 100;

export class TorrentRecord {
  readonly #resumeStore: ResumeStore;
  #kept: KeptTorrent;
  #isChanged = false;

  constructor(kept: KeptTorrent, resumeStore: ResumeStore) {
    this.#kept = kept;
    this.#resumeStore = resumeStore;
  }

  get kept(): Readonly<KeptTorrent> {
    return this.#kept;
  }

  get isChanged(): boolean {
    return this.#isChanged;
  }

  /** Marks the record as changed; the new values are passed to `save`. */
  change(): void {
    this.#isChanged = true;
  }

  /** Sets the time of the last use to now. */
  touch(): void {
    this.#kept.usedAtMs = Date.now();
    this.#isChanged = true;
  }

  rename(name: string): void {
    this.#kept.name = name;
    this.#isChanged = true;
  }

  /** Adds new trackers, peers and web seeds. */
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

  /** Writes the record with `progress`. A record that could not be written stays marked as changed. */
  save(progress: Partial<Pick<KeptTorrent, 'downloadedBytes' | 'uploadedBytes' | 'verified'>> = {}): void {
    this.#kept = { ...this.#kept, ...progress };
    this.#isChanged = !this.#resumeStore.save(this.#kept);
  }
}

export function union(some: readonly string[], more: readonly string[]): string[] {
  return [...new Set([...some, ...more])];
}
