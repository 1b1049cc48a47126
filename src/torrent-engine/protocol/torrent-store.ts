// The port of the torrent engine to its persistent records, one for each torrent. All of it is cache.

export interface KeptTorrent {
  infoHash: string;
  name: string;
  trackers: readonly string[];
  peers: readonly string[];
  webSeeds: readonly string[];
  /** Pieces that passed their hash, as a bitfield; undefined before the metainfo was known. */
  verified: Uint8Array | undefined;
  downloadedBytes: number;
  uploadedBytes: number;
  /** Milliseconds since 1970. */
  usedAtMs: number;
}

/** Every call may throw, for example on a full disk. */
export interface TorrentStore extends Disposable {
  all(): KeptTorrent[];
  /** Replaces the record with its info hash. */
  put(torrent: KeptTorrent): void;
  delete(infoHash: string): void;
}

/** Opens the store in an existing directory. @throws when not even a new store can be made */
export type OpenTorrentStore = (directory: string) => TorrentStore;
