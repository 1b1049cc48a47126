// The figures of one torrent, as they are reported to the server twice a second.
import type { AppError } from '../base/app-error.ts';
import type { Download } from './download/download.ts';
import type { TorrentStats } from './protocol/torrent-engine.ts';
import type { TorrentContents } from './storage/torrent-contents.ts';
import type { SwarmTorrent } from './swarm/swarm-torrent.ts';

export interface StatsInput {
  /** Undefined before the metainfo is known. */
  contents: MeasuredContents | undefined;
  /** Undefined while the torrent is not in the swarm. */
  swarm: Pick<SwarmTorrent, 'peerCounts' | 'speeds'> | undefined;
  error: AppError | undefined;
  /** The problem of the disk. */
  problem: TorrentStats['problem'];
  bannedPeers: number;
  /** Uploaded by all processes so far. */
  uploadedBytes: number;
}

/** The members of {@link TorrentContents} that are reported. */
export interface MeasuredContents extends Pick<TorrentContents, 'diskBytes' | 'readerCount'> {
  readonly download: Pick<Download, 'table' | 'counts'>;
}

export function torrentStats({
  contents,
  swarm,
  error,
  problem,
  bannedPeers,
  uploadedBytes,
}: StatsInput): TorrentStats {
  const table = contents?.download.table;
  const counts = contents?.download.counts;
  const verifiedPieces = (table?.verified.count ?? 0) + (table?.claimed.count ?? 0);
  const { peers, seeds } = swarm?.peerCounts ?? { peers: 0, seeds: 0 };
  const isWhole = table !== undefined && verifiedPieces === table.layout.pieceCount;
  return {
    stage: error ? 'error' : table === undefined ? 'metadata' : isWhole ? 'ready' : 'downloading',
    error: error?.message,
    problem: problem ?? (peers === 0 && !isWhole ? 'no-peers' : undefined),
    isActive: swarm !== undefined,
    peers,
    seeds,
    bannedPeers,
    downloadSpeed: Math.round(swarm?.speeds.download ?? 0),
    uploadSpeed: Math.round(swarm?.speeds.upload ?? 0),
    downloadedBytes: counts?.downloadedBytes ?? 0,
    wastedBytes: counts?.wastedBytes ?? 0,
    badBytes: counts?.badBytes ?? 0,
    badPieces: counts?.badPieces ?? 0,
    uploadedBytes,
    verifiedPieces,
    diskBytes: contents?.diskBytes ?? 0,
    readers: contents?.readerCount ?? 0,
  };
}
