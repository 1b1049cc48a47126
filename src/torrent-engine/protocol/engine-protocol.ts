// The messages between the server and the process of the torrent engine. Positions are bytes from the start of the torrent, across its files.
import type { ByteRange } from '../../base/byte-range.ts';
import type { ReaderProfile, TorrentFile, TorrentStats } from './torrent-engine.ts';
import type { TorrentSettings } from './torrent-settings.ts';

export interface StartOrder {
  type: 'start';
  /** The directory of all torrents; no other process uses it. */
  directory: string;
  /** File of the routing table of the DHT; undefined: the table is not stored. */
  dhtFile: string | undefined;
  settings: TorrentSettings;
}

export interface AddOrder {
  type: 'add';
  infoHash: string;
  metainfo: Uint8Array | undefined;
  name: string | undefined;
  trackers: readonly string[];
  peers: readonly string[];
  webSeeds: readonly string[];
  /** Number of open handles. Part of the same order, because a torrent without users may leave its swarm at any moment. */
  users: number;
}

export interface ReaderOrder {
  type: 'reader';
  infoHash: string;
  reader: number;
  profile: ReaderProfile;
  position: number;
  end: number;
  verifiedOnly: boolean;
  /** A read waits for the byte at `position`. */
  isWaiting: boolean;
  /** Bytes read without a jump up to `position`. */
  runBytes: number;
}

export type EngineOrder =
  | StartOrder
  | AddOrder
  /** Number of open handles of the torrent. */
  | { type: 'users'; infoHash: string; count: number }
  | { type: 'remove'; infoHash: string }
  /** A new reader, or the new state of a known one. */
  | ReaderOrder
  | { type: 'reader-closed'; infoHash: string; reader: number }
  /** Replaces the earlier prefetch of the file. */
  | { type: 'prefetch'; infoHash: string; fileIndex: number; ranges: readonly ByteRange[] }
  /** No reader reads the blocks of the `lost` report with this ticket any more: their space can be freed. */
  | { type: 'eviction-acknowledged'; infoHash: string; ticket: number }
  | { type: 'ping' }
  /** Leave all swarms and end. */
  | { type: 'stop' };

export interface EngineFile extends TorrentFile {
  readonly start: number;
}

export interface MetadataReport {
  type: 'metadata';
  infoHash: string;
  name: string;
  files: readonly EngineFile[];
  totalBytes: number;
  pieceBytes: number;
  isPrivate: boolean;
  metainfo: Uint8Array;
  /** The file that holds all blocks, each at its offset in the torrent. */
  dataPath: string;
  /** Pieces that an earlier process verified, as a bitfield: each is reported `verified` or `lost` later. */
  claimed: Uint8Array;
}

export type EngineReport =
  | { type: 'ready' }
  | { type: 'pong' }
  /** A torrent with a record on the disk. */
  | { type: 'kept'; infoHash: string; name: string }
  | MetadataReport
  /** Blocks that were written to the disk: pairs of `[start, end)`. */
  | { type: 'blocks'; infoHash: string; ranges: Uint32Array }
  /** Pieces that passed their hash; all their blocks are on the disk. */
  | { type: 'verified'; infoHash: string; pieces: Uint32Array }
  /** Removed blocks: pairs of `[start, end)`. Evicted blocks stay readable until the order `eviction-acknowledged` with the ticket. */
  | { type: 'lost'; infoHash: string; ranges: Uint32Array; why: 'bad' | 'evicted'; ticket: number }
  | { type: 'stats'; infoHash: string; stats: TorrentStats }
  | { type: 'removed'; infoHash: string };
