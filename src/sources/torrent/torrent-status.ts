// How a torrent is doing, in the words of the HTTP interface.
import { MIB } from '../../base/units.ts';
import type { ByteRange } from '../../base/byte-range.ts';
import type { Presence, TorrentFile, TorrentInfo } from '../../torrent-engine/protocol/torrent-engine.ts';

export interface TorrentStatus {
  infoHash: string;
  name: string;
  /** `ready`: what a player needs to begin is here. `error`: nothing more will come, see `error`. */
  stage: 'metadata' | 'downloading' | 'ready' | 'error';
  ready: boolean;
  peers: number;
  /** Pieces a player needs to begin. */
  piecesComplete: number;
  piecesTotal: number;
  /** 0 to 1, of the same bytes. */
  progress: number;
  downUsefulBytes: number;
  /** A sentence, only when it is final; empty otherwise. */
  error: string;
  /** What holds it up for the moment; empty when nothing does. */
  problem: string;
  files: { index: number; name: string; length: number }[];
  /** The file that plays unless another is named; missing while nobody knows. */
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
  /** A failure of ours that is final. */
  failure: string | undefined;
  fileIndex: number | undefined;
  /** A film that is packed in the files. */
  packedFilm: TorrentFile | undefined;
  /** Of the first bytes of that file; undefined while nobody uses the torrent. */
  presence: Presence | undefined;
  window: ByteRange | undefined;
}

/** What a player reads before it shows anything. */
const START_BYTES = 2 * MIB;

export function startWindow(sizeBytes: number): ByteRange {
  return { start: 0, end: Math.min(sizeBytes, START_BYTES) };
}

export function torrentStatus(parts: StatusParts): TorrentStatus {
  const { info, failure, fileIndex, packedFilm, presence, window } = parts;
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
    files: [...(info.files ?? []), ...(packedFilm === undefined ? [] : [packedFilm])]
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
