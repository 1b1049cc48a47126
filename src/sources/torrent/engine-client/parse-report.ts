// Parses the reports of the engine's process: messages of another process are validated before use.
import type { EngineFile, EngineReport } from '../../../torrent-engine/protocol/engine-protocol.ts';
import type { TorrentStats } from '../../../torrent-engine/protocol/torrent-engine.ts';

type Fields = Record<string, unknown>;

/** Returns undefined for a message that is not in the protocol. */
export function parseReport(message: unknown): EngineReport | undefined {
  if (!isRecord(message)) return undefined;
  const { type, infoHash } = message;
  if (type === 'ready' || type === 'pong') return { type };
  if (typeof infoHash !== 'string') return undefined;
  const { name, ranges, pieces, stats, why, ticket } = message;
  switch (type) {
    case 'kept':
      return typeof name === 'string' ? { type, infoHash, name } : undefined;
    case 'metadata':
      return parseMetadata(message, infoHash);
    case 'blocks':
      return ranges instanceof Uint32Array ? { type, infoHash, ranges } : undefined;
    case 'verified':
      return pieces instanceof Uint32Array ? { type, infoHash, pieces } : undefined;
    case 'lost':
      return ranges instanceof Uint32Array && (why === 'bad' || why === 'evicted') && typeof ticket === 'number'
        ? { type, infoHash, ranges, why, ticket }
        : undefined;
    case 'stats':
      return isStats(stats) ? { type, infoHash, stats } : undefined;
    case 'removed':
      return { type, infoHash };
    default:
      return undefined;
  }
}

function parseMetadata(message: Fields, infoHash: string): EngineReport | undefined {
  const { name, files, totalBytes, pieceBytes, isPrivate, metainfo, dataPath, claimed } = message;
  if (typeof name !== 'string' || typeof dataPath !== 'string' || typeof isPrivate !== 'boolean') return undefined;
  if (typeof totalBytes !== 'number' || typeof pieceBytes !== 'number') return undefined;
  if (!(metainfo instanceof Uint8Array) || !(claimed instanceof Uint8Array)) return undefined;
  if (!Array.isArray(files) || !files.every(isFile)) return undefined;
  return { type: 'metadata', infoHash, name, files, totalBytes, pieceBytes, isPrivate, metainfo, dataPath, claimed };
}

function isFile(value: unknown): value is EngineFile {
  if (!isRecord(value) || typeof value['path'] !== 'string' || typeof value['isPadding'] !== 'boolean') return false;
  return ['index', 'sizeBytes', 'start'].every((name) => typeof value[name] === 'number');
}

const COUNTS = [
  'peers',
  'seeds',
  'bannedPeers',
  'downloadSpeed',
  'uploadSpeed',
  'downloadedBytes',
  'wastedBytes',
  'badBytes',
  'badPieces',
  'uploadedBytes',
  'verifiedPieces',
  'diskBytes',
  'readers',
];

function isStats(value: unknown): value is TorrentStats {
  return (
    isRecord(value) && typeof value['stage'] === 'string' && COUNTS.every((name) => typeof value[name] === 'number')
  );
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}
