// Schemas of the bodies about torrents.
import { Type } from 'typebox';

export const TORRENT_ID = Type.Object({ infoHash: Type.String({ description: '40 hex digits' }) });
export const TORRENT_FILE = Type.Object({ infoHash: Type.String(), fileIdx: Type.String() });

const FILES = Type.Array(
  Type.Object({
    index: Type.Integer(),
    name: Type.String({ description: 'Name in the torrent, for display; never a path' }),
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
  piecesComplete: Type.Integer({ description: 'Complete pieces among those that a player needs to start' }),
  piecesTotal: Type.Integer(),
  progress: Type.Number({ minimum: 0, maximum: 1, description: 'Share of the bytes that a player needs to start' }),
  downUsefulBytes: Type.Number(),
  error: Type.String({ description: 'One sentence; only for a final error' }),
  problem: Type.String({ description: 'What delays the torrent at present: disk-full, no-peers, engine-down' }),
  files: FILES,
  fileIdx: Type.Optional(Type.Integer({ description: 'Index of the file that plays by default' })),
  downloadSpeed: Type.Number({ description: 'Bytes per second' }),
  uploadSpeed: Type.Number(),
  uploadedBytes: Type.Number(),
  wastedBytes: Type.Number({ description: 'Received twice, received without a request, or discarded' }),
  badPieces: Type.Integer(),
  bannedPeers: Type.Integer(),
  seeds: Type.Integer(),
  readers: Type.Integer(),
  diskBytes: Type.Number(),
  isActive: Type.Boolean({ description: 'Whether the torrent is in the swarm' }),
});

export const TORRENT_LIST = Type.Array(TORRENT_STATUS);
