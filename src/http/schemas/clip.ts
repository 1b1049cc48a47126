// Schemas of the bodies about clips.
import { Type } from 'typebox';

const SECONDS = { description: 'Seconds of the timeline' };

export const NEW_CLIP = Type.Object({
  start: Type.Number({ ...SECONDS, minimum: 0 }),
  end: Type.Number({ ...SECONDS, minimum: 0 }),
  name: Type.Optional(Type.Union([Type.String({ maxLength: 1024, description: 'File name' }), Type.Null()])),
  outputPath: Type.Optional(
    Type.Union([Type.String({ maxLength: 4096, description: 'Only its base name is used' }), Type.Null()]),
  ),
});

export const CLIP_MADE = Type.Object({ outputPath: Type.String({ description: 'Absolute path of the MP4 file' }) });

export const CLIP_LIST = Type.Array(
  Type.Object({
    id: Type.Integer(),
    start: Type.Number(SECONDS),
    end: Type.Number(SECONDS),
    status: Type.Enum(['running', 'done', 'cancelled', 'failed']),
    progress: Type.Number({ minimum: 0, maximum: 1 }),
    outputPath: Type.Optional(Type.String({ description: 'Only with status `done`' })),
    error: Type.Optional(Type.String({ description: 'One sentence; only with status `failed`' })),
  }),
);
