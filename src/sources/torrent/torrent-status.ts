// The status of a torrent in the HTTP API.
import { MIB } from '../../base/units.ts';
import type { ByteRange } from '../../base/byte-range.ts';
import type { Presence, TorrentFile, TorrentInfo } from '../../torrent-engine/protocol/torrent-engine.ts';

/** The state of the download that a session reports while it opens its torrent and while it plays. */
export interface Transfer {
  infoHash: string;
  peers: number;
  /** Bytes per second. */
  downloadSpeed: number;
  /** 0-100: downloaded share of the file. */
  progress: number;
  /** Undefined until the metainfo is known. */
  sizeBytes: number | undefined;
}

export interface TorrentStatus {
  infoHash: string;
  name: string;
  /** `ready`: the bytes that a player needs to start are downloaded. `error`: the torrent failed for good, see `error`. */
  stage: 'metadata' | 'downloading' | 'ready' | 'error';
  ready: boolean;
  peers: number;
  /** Pieces that a player needs to start. */
  piecesComplete: number;
  piecesTotal: number;
  /** Downloaded share of the same bytes, 0 to 1. */
  progress: number;
  downUsefulBytes: number;
  /** The sentence of a final failure; empty otherwise. */
  error: string;
  /** What delays the download at the moment; empty when nothing does. */
  problem: string;
  files: { index: number; name: string; length: number }[];
  /** The file that plays unless another is named; missing before it is known. */
  fileIdx?: number;
  /** Bytes per second. */
  downloadSpeed: number;
  uploadSpeed: number;
  uploadedBytes: number;
  wastedBytes: number;
  badPieces: number;
  bannedPeers: number;
  seeds: number;
  readers: number;
  diskBytes: number;
  isActive: boolean;
}

export interface StatusParts {
  info: TorrentInfo;
  /** A final failure of the server. */
  failure: string | undefined;
  fileIndex: number | undefined;
  /** The video that is packed in the files. */
  packedFile: TorrentFile | undefined;
  /** Presence of the first bytes of that file; undefined while the torrent has no user. */
  presence: Presence | undefined;
  window: ByteRange | undefined;
}

/** Bytes that a player reads before the first frame. */
const START_BYTES = 2 * MIB;

export function startWindow(sizeBytes: number): ByteRange {
  return { start: 0, end: Math.min(sizeBytes, START_BYTES) };
}

export function torrentStatus(parts: StatusParts): TorrentStatus {
  const { info, failure, fileIndex, packedFile, presence, window } = parts;
  const { stats } = info;
  const error = failure ?? stats.error ?? '';
  const wanted = window === undefined ? 0 : window.end - window.start;
  const progress = presence === undefined || wanted === 0 ? 0 : presence.presentBytes / wanted;
  const ready = error === '' && (stats.stage === 'ready' || progress === 1);
  return {
    infoHash: info.infoHash,
    name: info.name,
    stage: error === '' ? stageOf(stats.stage, ready) : 'error',
    ready,
    peers: stats.peers,
    piecesComplete: presence?.verifiedPieces ?? 0,
    piecesTotal: presence?.pieces ?? 0,
    progress: Math.floor(progress * 1000) / 1000,
    downUsefulBytes: stats.downloadedBytes,
    error,
    problem: stats.problem ?? '',
    files: [...(info.files ?? []), ...(packedFile === undefined ? [] : [packedFile])]
      .filter((file) => !file.isPadding)
      .map(({ index, path, sizeBytes }) => ({ index, name: path, length: sizeBytes })),
    ...(fileIndex === undefined ? {} : { fileIdx: fileIndex }),
    downloadSpeed: stats.downloadSpeed,
    uploadSpeed: stats.uploadSpeed,
    uploadedBytes: stats.uploadedBytes,
    wastedBytes: stats.wastedBytes,
    badPieces: stats.badPieces,
    bannedPeers: stats.bannedPeers,
    seeds: stats.seeds,
    readers: stats.readers,
    diskBytes: stats.diskBytes,
    isActive: stats.isActive,
  };
}

function stageOf(stage: TorrentStatus['stage'], ready: boolean): TorrentStatus['stage'] {
  if (ready) return 'ready';
  return stage === 'metadata' ? 'metadata' : 'downloading';
}
