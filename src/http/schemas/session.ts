// Shapes of the bodies about sessions, for validation, for the reply and for the API reference.
import { Type } from 'typebox';

export const ERROR = Type.Object({
  error: Type.String({ description: 'One sentence for a person' }),
  code: Type.String(),
  hint: Type.Optional(Type.String()),
});

export const SESSION_ID = Type.Object({ id: Type.String() });

const KIND = Type.Enum(['http', 'torrent', 'file']);
const QUALITY = Type.Enum(['original', '1080p', '720p', '480p', '360p']);

export const NEW_SESSION = Type.Object({
  source: Type.Optional(Type.String({ minLength: 1, description: 'URL, path, magnet URI or info hash' })),
  uri: Type.Optional(Type.String({ minLength: 1, description: 'Other name of `source`' })),
  kind: Type.Optional(KIND),
  type: Type.Optional(KIND),
  startTime: Type.Optional(Type.Union([Type.Number({ minimum: 0, description: 'Seconds' }), Type.Null()])),
  fileIdx: Type.Optional(Type.Union([Type.Integer({ minimum: 0, description: 'File of a torrent' }), Type.Null()])),
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
  reason: Type.Optional(Type.String({ description: 'Why a subtitle track has no url, or a sound is silent' })),
});

const VIDEO = Type.Object({
  codec: Type.String(),
  width: Type.Integer(),
  height: Type.Integer(),
  frameRate: NUMBER,
  hdr: Type.Optional(Type.Enum(['PQ', 'HLG'])),
  reason: Type.Optional(Type.String({ description: 'Why only the sound is played' })),
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
  durationSeconds: Type.Number({ description: '0 while it is not known' }),
  chapters: Type.Array(Type.Object({ startTime: Type.Number(), endTime: Type.Number(), title: Type.String() })),
  audioIndex: Type.Integer(),
  availableStreams: Type.Array(STREAM),
  isTorrent: Type.Boolean(),
  torrentInfoHash: Type.Optional(Type.String()),
  progress: Type.Number({ minimum: 0, maximum: 100 }),
  peers: Type.Integer(),
  downloadSpeed: Type.String(),
  fileSize: Type.Number({ description: 'Bytes; 0 while it is not known' }),
  canSeek: Type.Boolean(),
  position: Type.Number({ description: 'Seconds; where a playlist without `seek` begins' }),
  video: Type.Optional(VIDEO),
  variants: Type.Array(VARIANT),
  why: Type.Array(Type.String(), { description: 'Why picture or sound are not simply copied' }),
});

export const SESSION_LIST = Type.Array(SESSION_INFO);
