// The port of the torrent engine: the interface of BitTorrent to the server. The engine is a separate process; bytes go through files, not
// messages.
import type { ByteRange } from '../../base/byte-range.ts';

/** A torrent to add. A second request with the same info hash adds its trackers, peers and web seeds to the same torrent. */
export interface TorrentRequest {
  /** 40 lower-case hex digits. */
  infoHash: string;
  /** The whole `.torrent` file; undefined: it is requested from peers (BEP 9). */
  metainfo?: Uint8Array;
  /** Displayed until the metainfo is known (`dn` of a magnet). */
  name?: string;
  trackers?: readonly string[];
  /** `host:port`, `[address]:port`. */
  peers?: readonly string[];
  webSeeds?: readonly string[];
}

export interface TorrentEngine extends AsyncDisposable {
  /** `failed`: the process ends repeatedly, or could not be started; it is restarted all the same. */
  readonly state: 'starting' | 'ready' | 'failed';
  /**
   * Joins the swarm, at once or as soon as the process is ready. Each handle is one user of the torrent: while one is open the torrent stays;
   * afterwards it is seeded as configured, then leaves the swarm. Its data stays until the space is needed.
   */
  add(request: TorrentRequest): TorrentHandle;
  /** All torrents in a swarm or on the disk, with and without users. */
  list(): readonly TorrentInfo[];
  find(infoHash: string): TorrentInfo | undefined;
  /** Leaves the swarm and deletes the data, even with users: their reads fail with SOURCE_NOT_FOUND. False: no such torrent. */
  remove(infoHash: string): Promise<boolean>;
}

export interface TorrentInfo {
  readonly infoHash: string;
  /** The name in the metainfo, else in the request, else the info hash. Never a path. */
  readonly name: string;
  /** Undefined until the metainfo is known. */
  readonly files: readonly TorrentFile[] | undefined;
  readonly stats: TorrentStats;
}

/** A file of the torrent; files keep the order of the metainfo, so that the index is that of other clients. */
export interface TorrentFile {
  readonly index: number;
  /** Path inside the torrent, `/` between its parts; untrusted: for display, never opened. */
  readonly path: string;
  readonly sizeBytes: number;
  /** A padding file (BEP 47), which is never played. */
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
   * Waits for the metainfo, without a time limit.
   * @throws AppError SOURCE_UNUSABLE (the torrent cannot be played), SOURCE_NOT_FOUND (removed); the signal's reason
   */
  metadata(signal: AbortSignal): Promise<TorrentMetadata>;
  /**
   * Opens a reader, whose position the download follows. Needs the metainfo.
   * @throws AppError RANGE_NOT_SATISFIABLE for a range outside of the file, NOT_FOUND for no such file, NOT_READY without metainfo
   */
  open(fileIndex: number, options: ReaderOptions): TorrentReader;
  /** Ranges that will probably be read soon; requested when nothing more urgent is missing. Replaces the earlier ranges of the file. */
  prefetch(fileIndex: number, ranges: readonly ByteRange[]): void;
  /** How much of a range of a file is on the disk, and how much of that is verified. */
  presence(fileIndex: number, range: ByteRange): Presence;
  /** The ranges of the archive volumes that hold ranges of a packed file; undefined: no file of the torrent is packed. */
  partsOf?(fileIndex: number, ranges: readonly ByteRange[]): FilePart[];
  /** Calls `listener` for each event until the result is disposed. */
  watch(listener: (event: TorrentEvent) => void): Disposable;
}

/**
 * The purpose of a reader, which decides the read-ahead of the download:
 * `probe` almost none, `player` from little to a minute as the reader continues, `hls` the same but further, `download` to the end.
 */
export type ReaderProfile = 'probe' | 'player' | 'hls' | 'download';

export interface ReaderOptions {
  profile: ReaderProfile;
  /** First byte in the file. */
  start: number;
  /** End of the bytes that will be read, exclusive; default: the end of the file. */
  end?: number;
  /** Only bytes of verified pieces; default false: blocks are read as they arrive. */
  verifiedOnly?: boolean;
}

export interface TorrentReader extends Disposable {
  /** Position of the next `read`; set by `seek`. */
  readonly position: number;
  /** Whether the downloaded bytes at `position` will probably be read from the page cache of the system. */
  readonly isQuick: boolean;
  /**
   * Waits for the byte at `position` and fills the buffer with it and the downloaded bytes behind it. Returns the number of bytes; 0 at the end.
   * One read at a time. Without seeds, or with a full disk, the read waits: `TorrentStats.problem` names the cause.
   * @throws AppError SOURCE_CHANGED when bytes that this reader returned were corrupt (the reader must not be used any further),
   *   SOURCE_NOT_FOUND when the torrent was removed, SOURCE_FAILED for errors of the disk; the signal's reason
   */
  read(buffer: Uint8Array, signal: AbortSignal): Promise<number>;
  /** Ranges that the reader returned and whose pieces are not verified yet. */
  readonly unverified: readonly ByteRange[];
  /**
   * Waits until everything that the reader returned is verified; some reader has to demand the rest of those pieces. Not while a read waits.
   * @throws AppError as `read`; the signal's reason
   */
  allVerified(signal: AbortSignal): Promise<void>;
  /** Moves the reader; the demands at the old position end. Not while a read waits. */
  seek(position: number): void;
}

/** `[start, end)` of a file. */
export interface FilePart extends ByteRange {
  fileIndex: number;
}

export interface Presence {
  presentBytes: number;
  verifiedBytes: number;
  /** Pieces that touch the range, and how many of them are verified. */
  pieces: number;
  verifiedPieces: number;
}

/** `restarted`: the process of the engine died and was restarted; readers continue. `bad-data`: bytes that may have been read were corrupt. */
export type TorrentEvent =
  | { type: 'metadata' | 'restarted' | 'removed' | 'problem' }
  | { type: 'bad-data'; fileIndex: number; range: ByteRange };

export interface TorrentStats {
  stage: 'metadata' | 'downloading' | 'ready' | 'error';
  /** A sentence; present only when the torrent will never be playable. */
  error: string | undefined;
  /** What delays the download at the moment. */
  problem: 'disk-full' | 'no-peers' | 'engine-down' | undefined;
  /** Whether the torrent is in the swarm; false: only on the disk. */
  isActive: boolean;
  peers: number;
  /** Number of peers that have all pieces. */
  seeds: number;
  bannedPeers: number;
  /** Bytes per second. */
  downloadSpeed: number;
  uploadSpeed: number;
  /** Payload since the torrent was added: written; received twice or unrequested; dropped because the hash failed. */
  downloadedBytes: number;
  wastedBytes: number;
  badBytes: number;
  badPieces: number;
  uploadedBytes: number;
  /** Pieces on the disk that passed their hash. */
  verifiedPieces: number;
  diskBytes: number;
  readers: number;
}

/** The figures of a torrent before the first report. */
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
