// `/cleanup`: web pages call it with `sendBeacon` when they close, with a session id in the query or in a body of any type.
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';

import type { CastTokens } from '../../cast/cast-tokens.ts';
import type { SessionRegistry } from '../../sessions/session-registry.ts';
import type { App } from '../schemas/app-type.ts';

const QUERY = Type.Object({ id: Type.Optional(Type.String()) }, { additionalProperties: true });
const DONE = Type.Object({ ok: Type.Literal(true) });
const MAX_ID_LENGTH = 512;

export interface CleanupParts {
  sessions: SessionRegistry;
  castTokens: CastTokens;
}

export function cleanupRoutes(app: App, { sessions, castTokens }: CleanupParts): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'string' }, (_request, body, done) => done(null, body));

  const schema = {
    tags: ['sessions'],
    summary: 'End one session, or all abandoned sessions',
    querystring: QUERY,
    response: { 200: DONE },
  };
  app.route({
    method: ['POST', 'DELETE'],
    url: '/cleanup',
    schema,
    handler: async (request, reply) => {
      const id = request.query.id ?? idInBody(request);
      if (id === undefined) {
        sessions.sweep();
        castTokens.sweep();
      } else sessions.end(id);
      reply.header('Cache-Control', 'no-store');
      return { ok: true } as const;
    },
  });
}

/** Accepts `{"id": "..."}`, `"..."` or the plain id. */
function idInBody(request: FastifyRequest): string | undefined {
  if (typeof request.body !== 'string' || request.body.trim() === '') return undefined;
  const text = request.body.trim();
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'string') return value;
    if (typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'string') return value.id;
    return undefined;
  } catch {
    return text.length <= MAX_ID_LENGTH ? text : undefined;
  }
}
