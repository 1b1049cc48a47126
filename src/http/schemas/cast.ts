// Shapes of the bodies about cast devices.
import { Type } from 'typebox';

export const DEVICE_ID = Type.Object({ id: Type.String() });

export const DEVICE = Type.Object({
  id: Type.String(),
  name: Type.String(),
  model: Type.String({ description: 'Empty when it is not known' }),
  address: Type.String(),
});

export const PLAY = Type.Object({
  sessionId: Type.String({ minLength: 1 }),
  startTime: Type.Optional(
    Type.Union([Type.Number({ minimum: 0 }), Type.Null()], { description: 'Seconds; where the session is' }),
  ),
  subtitleTrack: Type.Optional(
    Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], {
      description: 'As in `availableStreams`; shown from the start',
    }),
  ),
});

export const SEEK = Type.Object({ position: Type.Number({ minimum: 0, description: 'Seconds' }) });

export const SUBTITLES = Type.Object({
  subtitleTrack: Type.Union([Type.Integer({ minimum: 0 }), Type.Null()], { description: 'Null: none' }),
});

export const VOLUME = Type.Object(
  { level: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })), muted: Type.Optional(Type.Boolean()) },
  { minProperties: 1 },
);

export const CAST_STATUS = Type.Object({
  id: Type.String(),
  name: Type.String(),
  state: Type.Enum(['idle', 'loading', 'buffering', 'playing', 'paused', 'finished', 'stopped', 'taken', 'failed'], {
    description: '`taken`: something else was started there',
  }),
  position: Type.Number({ description: 'Seconds' }),
  durationSeconds: Type.Number({ description: '0 while it is not known' }),
  volume: Type.Number(),
  muted: Type.Boolean(),
  sessionId: Type.Optional(Type.String()),
  title: Type.Optional(Type.String()),
  application: Type.Optional(Type.String({ description: 'What runs on the device' })),
  subtitleTrack: Type.Optional(Type.Integer()),
  error: Type.Optional(Type.String({ description: 'One sentence: why it does not play, or cannot be asked' })),
});

/** As clients of Stremio's server know it. */
export const PLAYBACK_DEVICE = Type.Object({ id: Type.String(), name: Type.String(), type: Type.String() });

/** What is to change; the fields that are not there stay. */
export const PLAYER_REQUEST = Type.Object({
  source: Type.Optional(
    Type.Union([Type.String({ minLength: 1 }), Type.Null()], {
      description: 'Anything a session can be made of, or the address of a session; null: stop',
    }),
  ),
  time: Type.Optional(Type.Union([Type.Number({ minimum: 0, description: 'Milliseconds' }), Type.Null()])),
  paused: Type.Optional(Type.Boolean()),
  volume: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
  subtitlesSrc: Type.Optional(
    Type.Union([Type.String(), Type.Null()], {
      description: 'The address of a subtitle track of the session that plays; null or empty: none',
    }),
  ),
});

export const PLAYER_STATE = Type.Object({
  source: Type.Union([Type.String(), Type.Null()], { description: 'Of the session that plays; null: nothing of ours' }),
  state: Type.Integer({
    description: '0 nothing, 1 opening, 2 buffering, 3 playing, 4 paused, 5 stopped, 6 ended, 7 error',
  }),
  paused: Type.Boolean(),
  time: Type.Integer({ description: 'Milliseconds' }),
  length: Type.Integer({ description: 'Milliseconds; 0 while it is not known' }),
  volume: Type.Number({ description: '0 to 1' }),
  mediaSessionId: Type.Union([Type.Integer(), Type.Null()], { description: 'Another one: something else is played' }),
  error: Type.Optional(Type.String({ description: 'Why it does not play, or cannot be asked' })),
});
