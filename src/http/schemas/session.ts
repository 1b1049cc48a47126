// Schemas of the bodies about sessions, for validation, serialization and the API reference.
import { Type } from 'typebox';

export const ERROR = Type.Object({
  error: Type.String({ description: 'One sentence for the user' }),
  code: Type.String(),
  hint: Type.Optional(Type.String()),
});

export const SESSION_ID = Type.Object({ id: Type.String() });

const KIND = Type.Enum(['http', 'torrent', 'file']);
const QUALITY = Type.Enum(['original', '1080p', '720p', '480p', '360p']);

export const NEW_SESSION = Type.Object({
  source: Type.Optional(Type.String({ minLength: 1, description: 'URL, path, magnet URI or info hash' })),
  uri: Type.Optional(Type.String({ minLength: 1, description: 'Alias of `source`' })),
  kind: Type.Optional(KIND),
  type: Type.Optional(KIND),
  startTime: Type.Optional(Type.Union([Type.Number({ minimum: 0, description: 'Seconds' }), Type.Null()])),
  fileIdx: Type.Optional(
    Type.Union([Type.Integer({ minimum: 0, description: 'Index of a file of a torrent' }), Type.Null()]),
  ),
  quality: Type.Optional(Type.Union([QUALITY, Type.Null()])),
  headers: Type.Optional(
    Type.Record(Type.String({ maxLength: 256 }), Type.String({ maxLength: 8192 }), { maxProperties: 32 }),
  ),
});

export const SESSION_CREATED = Type.Object({
  id: Type.String(),
  streamUrl: Type.String(),
  status: Type.Enum(['starting', 'ready']),
});

export const AUDIO_CHOICE = Type.Object({
  index: Type.Integer({ minimum: 0, description: 'Ordinal among the audio tracks' }),
});

const NUMBER = Type.Optional(Type.Number());
const STREAM = Type.Object({
  index: Type.Integer({ description: 'Ordinal among the tracks of its type' }),
  type: Type.Enum(['audio', 'subtitle']),
  codec: Type.String(),
  language: Type.String(),
  title: Type.String(),
  default: Type.Boolean(),
  channels: NUMBER,
  forced: Type.Optional(Type.Boolean()),
  url: Type.Optional(Type.String({ description: 'Path of a subtitle track as WebVTT' })),
  reason: Type.Optional(
    Type.String({ description: 'Why a subtitle track has no url, or an audio track plays as silence' }),
  ),
});

const VIDEO = Type.Object({
  codec: Type.String(),
  width: Type.Integer(),
  height: Type.Integer(),
  frameRate: NUMBER,
  hdr: Type.Optional(Type.Enum(['PQ', 'HLG'])),
  reason: Type.Optional(Type.String({ description: 'Why only the audio is played' })),
});

const VARIANT = Type.Object({
  name: Type.String(),
  bandwidth: Type.Number(),
  codecs: Type.String(),
  width: NUMBER,
  height: NUMBER,
  frameRate: NUMBER,
});

export const SESSION_INFO = Type.Object({
  id: Type.String(),
  source: Type.String(),
  kind: Type.String(),
  createdAt: Type.String(),
  startTime: Type.Number(),
  status: Type.Enum(['starting', 'ready', 'streaming', 'error']),
  error: Type.Optional(Type.String({ description: 'One sentence; only with status `error`' })),
  durationSeconds: Type.Number({ description: '0 while unknown' }),
  chapters: Type.Array(Type.Object({ startTime: Type.Number(), endTime: Type.Number(), title: Type.String() })),
  audioIndex: Type.Integer(),
  availableStreams: Type.Array(STREAM),
  isTorrent: Type.Boolean(),
  torrentInfoHash: Type.Optional(Type.String()),
  progress: Type.Number({ minimum: 0, maximum: 100 }),
  peers: Type.Integer(),
  downloadSpeed: Type.String(),
  fileSize: Type.Number({ description: 'Bytes; 0 while unknown' }),
  canSeek: Type.Boolean(),
  position: Type.Number({ description: 'Seconds; start of a playlist without `seek`' }),
  video: Type.Optional(VIDEO),
  variants: Type.Array(VARIANT),
  why: Type.Array(Type.String(), { description: 'Why video or audio are not copied; empty when both are' }),
});

export const SESSION_LIST = Type.Array(SESSION_INFO);
