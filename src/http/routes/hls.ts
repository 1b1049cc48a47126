// The multivariant routes: playlists, init sections and CMAF segments for adaptive playback.
import { createHash } from 'node:crypto';

import { Type } from 'typebox';

import type { SessionRegistry } from '../../sessions/session-registry.ts';
import type { App } from '../schemas/app-type.ts';
import type { BufferPool } from '../reply/buffer-pool.ts';
import { sendEntity } from '../reply/byte-range-reply.ts';
import { IMMUTABLE, sendPlaylist, sendSegment } from '../reply/media-reply.ts';
import { requestSignal } from '../reply/request-signal.ts';
import { SESSION_ID } from '../schemas/session.ts';

const RENDITION = Type.Object({ id: Type.String(), rendition: Type.String() });
const SEGMENT = Type.Object({ id: Type.String(), rendition: Type.String(), segment: Type.String() });

export function hlsRoutes(app: App, { sessions, pool }: { sessions: SessionRegistry; pool: BufferPool }): void {
  const multivariant = { tags: ['playback'], summary: 'Multivariant playlist', params: SESSION_ID };
  app.get('/sessions/:id/stream.m3u8', { schema: multivariant }, async (request, reply) => {
    return sendPlaylist(reply, await sessions.get(request.params.id).multivariant(requestSignal(reply)));
  });

  const playlist = { tags: ['playback'], summary: 'Media playlist of a variant or audio rendition', params: RENDITION };
  app.get('/sessions/:id/:rendition/playlist.m3u8', { schema: playlist }, async (request, reply) => {
    const { id, rendition } = request.params;
    return sendPlaylist(reply, await sessions.get(id).mediaPlaylist(rendition, requestSignal(reply)));
  });

  const init = { tags: ['playback'], summary: 'Init section of a rendition', params: RENDITION };
  app.get('/sessions/:id/:rendition/init.mp4', { schema: init }, async (request, reply) => {
    const { id, rendition } = request.params;
    const content = await sessions.get(id).init(rendition, requestSignal(reply));
    const etag = `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`;
    const entity = { content, etag, sizeBytes: content.byteLength, contentType: 'video/mp4', cacheControl: IMMUTABLE };
    return sendEntity(request, reply, { entity, pool });
  });

  const segment = { tags: ['playback'], summary: 'Segment of a rendition, made on demand', params: SEGMENT };
  app.get('/sessions/:id/:rendition/:segment', { schema: segment }, async (request, reply) => {
    const { id, rendition, segment: name } = request.params;
    const signal = requestSignal(reply);
    return sendSegment(request, reply, { pool, get: () => sessions.get(id).segment(rendition, name, signal) });
  });
}
