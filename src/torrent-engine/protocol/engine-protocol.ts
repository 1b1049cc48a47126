// The words between the server and the torrent engine's process. Places are bytes from the start of the torrent, across its files.
import type { ByteRange } from '../../base/byte-range.ts';
import type { ReaderProfile, TorrentFile, TorrentStats } from './torrent-engine.ts';
import type { TorrentSettings } from './torrent-settings.ts';

export interface StartOrder {
  type: 'start';
  /** Of all torrents; no other process uses it. */
  directory: string;
  /** The routing table of the DHT; undefined: it is not kept. */
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
  /** How many have the torrent open. In the same order: one that nobody uses may leave its swarm at any moment. */
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
  /** Somebody waits for the byte at `position`. */
  isWaiting: boolean;
  /** Read without a jump up to `position`. */
  runBytes: number;
}

export type EngineOrder =
  | StartOrder
  | AddOrder
  /** How many have the torrent open now. */
  | { type: 'users'; infoHash: string; count: number }
  | { type: 'remove'; infoHash: string }
  /** A new reader, or where it is now. */
  | ReaderOrder
  | { type: 'reader-closed'; infoHash: string; reader: number }
  /** Replaces the earlier one of that file. */
  | { type: 'prefetch'; infoHash: string; fileIndex: number; ranges: readonly ByteRange[] }
  /** Nobody reads the blocks of that `lost` any more: their room can be freed. */
  | { type: 'let-go'; infoHash: string; ticket: number }
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
  /** The file all blocks go to, each at its place. */
  dataPath: string;
  /** Pieces an earlier process left there, as a bitfield: each is `verified` or `lost` later. */
  claimed: Uint8Array;
}

export type EngineReport =
  | { type: 'ready' }
  | { type: 'here' }
  /** On the disk from an earlier time. */
  | { type: 'kept'; infoHash: string; name: string }
  | MetadataReport
  /** Blocks that are on the disk now: pairs of `[start, end)`. */
  | { type: 'blocks'; infoHash: string; ranges: Uint32Array }
  /** Pieces that passed their hash; all their blocks are there. */
  | { type: 'verified'; infoHash: string; pieces: Uint32Array }
  /** Blocks that are gone: pairs of `[start, end)`. Evicted ones are only about to go, and are freed upon `let-go` with the ticket. */
  | { type: 'lost'; infoHash: string; ranges: Uint32Array; why: 'bad' | 'evicted'; ticket: number }
  | { type: 'stats'; infoHash: string; stats: TorrentStats }
  | { type: 'removed'; infoHash: string };
