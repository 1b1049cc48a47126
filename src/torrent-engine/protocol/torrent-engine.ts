// The port of the torrent engine: what the server sees of BitTorrent. The engine is a process of its own; bytes go through files, not messages.
import type { ByteRange } from '../../base/byte-range.ts';

/** Which torrent, and what is known about it. The same info hash again adds trackers, peers and web seeds to the one there is. */
export interface TorrentRequest {
  /** 40 lower-case hex digits. */
  infoHash: string;
  /** The whole `.torrent` file; undefined: peers are asked for it. */
  metainfo?: Uint8Array;
  /** For people, until the metainfo is here (`dn` of a magnet). */
  name?: string;
  trackers?: readonly string[];
  /** `host:port`, `[address]:port`. */
  peers?: readonly string[];
  webSeeds?: readonly string[];
}

export interface TorrentEngine extends AsyncDisposable {
  /** `failed`: its process ends again and again, or could not be started; it is tried again all the same. */
  readonly state: 'starting' | 'ready' | 'failed';
  /**
   * Joins the swarm, at once or as soon as the process is up. Each handle is one user of the torrent: while one is open the torrent stays;
   * afterwards it is seeded as the policy says, then leaves the swarm. Its data stays until the room is needed.
   */
  add(request: TorrentRequest): TorrentHandle;
  /** All torrents in the swarm or on the disk, users or not. */
  list(): readonly TorrentInfo[];
  find(infoHash: string): TorrentInfo | undefined;
  /** Leaves the swarm and deletes the data, users or not: their reads fail with SOURCE_NOT_FOUND. False: no such torrent. */
  remove(infoHash: string): Promise<boolean>;
}

export interface TorrentInfo {
  readonly infoHash: string;
  /** Of the metainfo, else of the request, else the info hash. Never a path. */
  readonly name: string;
  /** Undefined until the metainfo is here. */
  readonly files: readonly TorrentFile[] | undefined;
  readonly stats: TorrentStats;
}

/** In the order of the metainfo, so that the index is the one everybody else uses. */
export interface TorrentFile {
  readonly index: number;
  /** Path inside the torrent, `/` between its parts; hostile for all we know: to be shown, never opened. */
  readonly path: string;
  readonly sizeBytes: number;
  /** Filler between files (BEP 47); nothing to play. */
  readonly isPadding: boolean;
}

export interface TorrentMetadata {
  readonly name: string;
  readonly files: readonly TorrentFile[];
  readonly pieceBytes: number;
  readonly pieceCount: number;
  readonly isPrivate: boolean;
  /** The `.torrent` file. */
  readonly metainfo: Uint8Array;
}

export interface TorrentHandle extends Disposable {
  readonly info: TorrentInfo;
  /**
   * Waits for the metainfo, as long as it takes.
   * @throws AppError SOURCE_UNUSABLE (it is not what we can play), SOURCE_NOT_FOUND (removed); the signal's reason
   */
  metadata(signal: AbortSignal): Promise<TorrentMetadata>;
  /**
   * A place in a file; the download follows it. Needs the metainfo.
   * @throws AppError RANGE_NOT_SATISFIABLE for a range outside of the file, NOT_FOUND for no such file, NOT_READY without metainfo
   */
  open(fileIndex: number, wish: ReaderWish): TorrentReader;
  /** Ranges somebody will probably read soon; fetched when nothing more urgent is missing. Replaces the earlier wish for that file. */
  prefetch(fileIndex: number, ranges: readonly ByteRange[]): void;
  /** How much of a range of a file is on the disk, and how much of that has passed its hash. */
  presence(fileIndex: number, range: ByteRange): Presence;
  /** Where the bytes of a file that is packed in others lie; undefined: every file is where it is. */
  partsOf?(fileIndex: number, ranges: readonly ByteRange[]): FilePart[];
  /** Calls `listener` for each event until the result is disposed. */
  watch(listener: (event: TorrentEvent) => void): Disposable;
}

/**
 * What a reader is for decides how far the download runs ahead of it:
 * `probe` not at all, `player` from little to a minute as it reads on, `hls` the same but further, `download` to the end.
 */
export type ReaderProfile = 'probe' | 'player' | 'hls' | 'download';

export interface ReaderWish {
  profile: ReaderProfile;
  /** First byte in the file. */
  start: number;
  /** One after the last byte that will be read; default the end of the file. */
  end?: number;
  /** Only bytes whose piece has passed its hash; default false: blocks are read as they come. */
  verifiedOnly?: boolean;
}

export interface TorrentReader extends Disposable {
  /** Of the next `read`; set by `seek`. */
  readonly position: number;
  /**
   * Waits for the byte at `position` and answers with it and what is there behind it, up to `maxBytes`; empty at the end. One read at a time.
   * A torrent nobody seeds and a full disk only make it wait: `TorrentStats.problem` says so.
   * @throws AppError SOURCE_CHANGED when bytes this reader gave out turned out to be bad (it must not be read on: what it gave is wrong),
   *   SOURCE_NOT_FOUND when the torrent was removed, SOURCE_FAILED for errors of the disk; the signal's reason
   */
  read(maxBytes: number, signal: AbortSignal): Promise<Uint8Array>;
  /** What it gave out of pieces that have not passed their hash yet. */
  readonly unchecked: readonly ByteRange[];
  /**
   * Waits until everything it gave out has passed its hash; the rest of those pieces has to be wanted by somebody. Not while a read waits.
   * @throws AppError as `read`; the signal's reason
   */
  allChecked(signal: AbortSignal): Promise<void>;
  /** Moves on; what was wanted at the old place is wanted no more. Not while a read waits. */
  seek(position: number): void;
}

/** `[start, end)` of a file. */
export interface FilePart extends ByteRange {
  fileIndex: number;
}

export interface Presence {
  presentBytes: number;
  verifiedBytes: number;
  /** Pieces that touch the range, and how many of them have passed their hash. */
  pieces: number;
  verifiedPieces: number;
}

/** `restarted`: the engine's process died and is back; readers go on by themselves. `bad-data`: bytes that may have been read were wrong. */
export type TorrentEvent =
  | { type: 'metadata' | 'restarted' | 'removed' | 'problem' }
  | { type: 'bad-data'; fileIndex: number; range: ByteRange };

export interface TorrentStats {
  stage: 'metadata' | 'downloading' | 'ready' | 'error';
  /** A sentence; only where waiting will not help any more. */
  error: string | undefined;
  /** What holds it up at the moment. */
  problem: 'disk-full' | 'no-peers' | 'engine-down' | undefined;
  /** In the swarm, or only on the disk. */
  isActive: boolean;
  peers: number;
  /** How many of them can send us everything. */
  seeds: number;
  bannedPeers: number;
  /** Bytes per second. */
  downloadSpeed: number;
  uploadSpeed: number;
  /** Payload since it was added: kept, come twice or unasked, thrown away for their hash. */
  downloadedBytes: number;
  wastedBytes: number;
  badBytes: number;
  badPieces: number;
  uploadedBytes: number;
  /** On the disk, passed their hash. */
  verifiedPieces: number;
  diskBytes: number;
  readers: number;
}

/** Of a torrent nothing is known of yet. */
export const NO_TORRENT_STATS: TorrentStats = {
  stage: 'metadata',
  error: undefined,
  problem: undefined,
  isActive: false,
  peers: 0,
  seeds: 0,
  bannedPeers: 0,
  downloadSpeed: 0,
  uploadSpeed: 0,
  downloadedBytes: 0,
  wastedBytes: 0,
  badBytes: 0,
  badPieces: 0,
  uploadedBytes: 0,
  verifiedPieces: 0,
  diskBytes: 0,
  readers: 0,
};
