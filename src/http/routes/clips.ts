// Clips: MP4 files of a part of what a session plays.
import type { SessionRegistry } from '../../sessions/session-registry.ts';
import type { App } from '../schemas/app-type.ts';
import { requestSignal } from '../reply/request-signal.ts';
import { CLIP_LIST, CLIP_MADE, NEW_CLIP } from '../schemas/clip.ts';
import { ERROR, SESSION_ID } from '../schemas/session.ts';

export function clipRoutes(app: App, sessions: SessionRegistry): void {
  const make = {
    tags: ['clips'],
    summary: 'Make a clip; the reply comes when the clip is done, and closing the request cancels it',
    params: SESSION_ID,
    body: NEW_CLIP,
    response: { 200: CLIP_MADE, '4xx': ERROR },
  };
  app.post('/sessions/:id/clip', { schema: make }, async (request, reply) => {
    reply.header('Cache-Control', 'no-store');
    const { start, end, name, outputPath } = request.body;
    const wanted = {
      startSeconds: start,
      endSeconds: end,
      name: name ?? undefined,
      outputPath: outputPath ?? undefined,
    };
    return { outputPath: await sessions.get(request.params.id).clip(wanted, requestSignal(reply)) };
  });

  const list = {
    tags: ['clips'],
    summary: 'List the clips of a session with their progress',
    params: SESSION_ID,
    response: { 200: CLIP_LIST, '4xx': ERROR },
  };
  app.get('/sessions/:id/clips', { schema: list }, async (request, reply) => {
    reply.header('Cache-Control', 'no-store');
    return sessions.get(request.params.id).clips();
  });
}
