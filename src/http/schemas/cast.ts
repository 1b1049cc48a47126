// Schemas of the bodies about cast devices.
import { Type } from 'typebox';

export const DEVICE_ID = Type.Object({ id: Type.String() });

export const DEVICE = Type.Object({
  id: Type.String(),
  name: Type.String(),
  model: Type.String({ description: 'Empty when unknown' }),
  address: Type.String(),
});

export const PLAY = Type.Object({
  sessionId: Type.String({ minLength: 1 }),
  startTime: Type.Optional(
    Type.Union([Type.Number({ minimum: 0 }), Type.Null()], {
      description: 'Seconds; default: the position of the session',
    }),
  ),
  subtitleTrack: Type.Optional(
    Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], {
      description: '`index` in `availableStreams`; shown from the start',
    }),
  ),
});

export const SEEK = Type.Object({ position: Type.Number({ minimum: 0, description: 'Seconds' }) });

export const SUBTITLES = Type.Object({
  subtitleTrack: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], {
    description: '`index` in `availableStreams`; null: none',
  }),
});

export const VOLUME = Type.Object(
  { level: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })), muted: Type.Optional(Type.Boolean()) },
  { minProperties: 1 },
);

export const CAST_STATUS = Type.Object({
  id: Type.String(),
  name: Type.String(),
  state: Type.Enum(['idle', 'loading', 'buffering', 'playing', 'paused', 'finished', 'stopped', 'taken', 'failed'], {
    description: '`taken`: another sender started something else on the device',
  }),
  position: Type.Number({ description: 'Seconds' }),
  durationSeconds: Type.Number({ description: '0 while unknown' }),
  volume: Type.Number(),
  muted: Type.Boolean(),
  sessionId: Type.Optional(Type.String()),
  title: Type.Optional(Type.String()),
  application: Type.Optional(Type.String({ description: 'Name of the application that runs on the device' })),
  subtitleTrack: Type.Optional(Type.Integer()),
  error: Type.Optional(
    Type.String({ description: 'One sentence: why the item does not play, or why the device cannot be reached' }),
  ),
});

/** A device in Stremio's API. */
export const PLAYBACK_DEVICE = Type.Object({ id: Type.String(), name: Type.String(), type: Type.String() });

/** The changes to a player; missing fields leave their value unchanged. */
export const PLAYER_REQUEST = Type.Object({
  source: Type.Optional(
    Type.Union([Type.String({ minLength: 1 }), Type.Null()], {
      description: 'Any source of a session, or the stream URL of a session; null: stop',
    }),
  ),
  time: Type.Optional(Type.Union([Type.Number({ minimum: 0, description: 'Milliseconds' }), Type.Null()])),
  paused: Type.Optional(Type.Boolean()),
  volume: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
  subtitlesSrc: Type.Optional(
    Type.Union([Type.String(), Type.Null()], {
      description: 'URL of a subtitle track of the session that plays; null or empty: none',
    }),
  ),
});

export const PLAYER_STATE = Type.Object({
  source: Type.Union([Type.String(), Type.Null()], {
    description: 'Source of the session that plays; null: no session of this server',
  }),
  state: Type.Integer({
    description: '0 nothing, 1 opening, 2 buffering, 3 playing, 4 paused, 5 stopped, 6 ended, 7 error',
  }),
  paused: Type.Boolean(),
  time: Type.Integer({ description: 'Milliseconds' }),
  length: Type.Integer({ description: 'Milliseconds; 0 while unknown' }),
  volume: Type.Number({ description: '0 to 1' }),
  mediaSessionId: Type.Union([Type.Integer(), Type.Null()], {
    description: 'Changes when the device plays another item',
  }),
  error: Type.Optional(Type.String({ description: 'Why the item does not play, or why the device cannot be reached' })),
});
