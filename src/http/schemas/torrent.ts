// Shapes of the bodies about torrents.
import { Type } from 'typebox';

export const TORRENT_ID = Type.Object({ infoHash: Type.String({ description: '40 hex digits' }) });
export const TORRENT_FILE = Type.Object({ infoHash: Type.String(), fileIdx: Type.String() });

const FILES = Type.Array(
  Type.Object({
    index: Type.Integer(),
    name: Type.String({ description: 'As the torrent calls it; for people, never a path' }),
    length: Type.Number({ description: 'Bytes' }),
  }),
);

export const TORRENT_ADDED = Type.Object({ infoHash: Type.String(), name: Type.String(), files: FILES });

export const TORRENT_STATUS = Type.Object({
  infoHash: Type.String(),
  name: Type.String(),
  stage: Type.Enum(['metadata', 'downloading', 'ready', 'error']),
  ready: Type.Boolean(),
  peers: Type.Integer(),
  piecesComplete: Type.Integer({ description: 'Of the pieces a player needs to begin' }),
  piecesTotal: Type.Integer(),
  progress: Type.Number({ minimum: 0, maximum: 1, description: 'Of the same bytes' }),
  downUsefulBytes: Type.Number(),
  error: Type.String({ description: 'One sentence, only when it is final' }),
  problem: Type.String({ description: 'What holds it up for the moment: disk-full, no-peers, engine-down' }),
  files: FILES,
  fileIdx: Type.Optional(Type.Integer({ description: 'The file that plays unless another is named' })),
  downloadSpeed: Type.Number({ description: 'Bytes per second' }),
  uploadSpeed: Type.Number(),
  uploadedBytes: Type.Number(),
  wastedBytes: Type.Number({ description: 'Received twice, unasked, or thrown away' }),
  badPieces: Type.Integer(),
  bannedPeers: Type.Integer(),
  seeds: Type.Integer(),
  readers: Type.Integer(),
  diskBytes: Type.Number(),
  isActive: Type.Boolean({ description: 'Whether it is in the swarm' }),
});

export const TORRENT_LIST = Type.Array(TORRENT_STATUS);
