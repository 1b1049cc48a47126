// `POST /cast/token`: lets one device of the network play one session.
import type { FastifyRequest } from 'fastify';
import { Type } from 'typebox';

import type { CastTokens } from '../../cast/cast-tokens.ts';
import type { SessionRegistry } from '../../sessions/session-registry.ts';
import type { App } from '../schemas/app-type.ts';
import { baseUrl } from '../reply/base-url.ts';
import { ERROR } from '../schemas/session.ts';

export interface CastTokenParts {
  sessions: SessionRegistry;
  castTokens: CastTokens;
  castHost(): string | undefined;
}

const SECONDS = Type.Optional(
  Type.Union([Type.Number({ exclusiveMinimum: 0, description: 'Seconds, 30 to 86400; default 900' }), Type.Null()]),
);
const TOKEN_REQUEST = Type.Object({ sessionId: Type.String({ minLength: 1 }), duration: SECONDS, ttlSeconds: SECONDS });
const TOKEN = Type.Object({
  token: Type.String(),
  expiresAt: Type.String({ description: 'Every use of the token extends it' }),
  streamUrl: Type.String({ description: 'URL for the device; it includes the token' }),
  sessionUrl: Type.String({ description: 'URL of the session, for the caller; the token does not give access to it' }),
});

const DEFAULT_SECONDS = 900;
const MIN_SECONDS = 30;
const MAX_SECONDS = 86_400;

export function castTokenRoutes(app: App, { sessions, castTokens, castHost }: CastTokenParts): void {
  const schema = {
    tags: ['cast'],
    summary: 'Issue a token with which a device of the network plays a session',
    body: TOKEN_REQUEST,
    response: { 200: TOKEN, '4xx': ERROR },
  };
  app.post('/cast/token', { schema }, async (request, reply) => {
    const { sessionId, duration, ttlSeconds } = request.body;
    const { id } = sessions.get(sessionId);
    const seconds = Math.min(MAX_SECONDS, Math.max(MIN_SECONDS, duration ?? ttlSeconds ?? DEFAULT_SECONDS));
    const { token, expiresAtMs } = castTokens.issue(id, seconds * 1000);
    const sessionUrl = `${castUrl(request, castHost())}/sessions/${id}`;
    reply.header('Cache-Control', 'no-store');
    return {
      token,
      expiresAt: new Date(expiresAtMs).toISOString(),
      streamUrl: `${sessionUrl}/stream/child.m3u8?cast_token=${token}`,
      sessionUrl,
    };
  });
}

/** `http://host:port` of this server for devices of the network. */
function castUrl(request: FastifyRequest, host: string | undefined): string {
  if (host === undefined) return baseUrl(request);
  const bracketed = host.includes(':') && /^[\da-f:]+$/iu.test(host) ? `[${host}]` : host;
  return /:\d+$/u.test(bracketed) ? `http://${bracketed}` : `http://${bracketed}:${request.socket.localPort}`;
}
