// Routes that create, list, read, change and end sessions.
import { Type, type Static } from 'typebox';

import { AppError } from '../../base/app-error.ts';
import type { NewSession, SessionRegistry } from '../../sessions/session-registry.ts';
import type { App } from '../schemas/app-type.ts';
import { baseUrl } from '../reply/base-url.ts';
import type { Gatekeeper } from '../access/gatekeeper.ts';
import { limitKey } from '../access/peer-address.ts';
import type { RateLimit } from '../access/rate-limit.ts';
import { requestSignal } from '../reply/request-signal.ts';
import {
  AUDIO_CHOICE,
  ERROR,
  NEW_SESSION,
  SESSION_CREATED,
  SESSION_ID,
  SESSION_INFO,
  SESSION_LIST,
} from '../schemas/session.ts';

export interface SessionRouteParts {
  sessions: SessionRegistry;
  gatekeeper: Gatekeeper;
  /** Limit per caller. */
  newSessions: RateLimit;
}

export function sessionRoutes(app: App, parts: SessionRouteParts): void {
  const { sessions } = parts;
  collectionRoutes(app, parts);
  memberRoutes(app, sessions);
}

function collectionRoutes(app: App, { sessions, gatekeeper, newSessions }: SessionRouteParts): void {
  const create = {
    tags: ['sessions'],
    summary: 'Create a session',
    body: NEW_SESSION,
    response: { 200: SESSION_CREATED, '4xx': ERROR },
  };
  app.post('/sessions', { schema: create }, async (request, reply) => {
    reply.header('Cache-Control', 'no-store');
    const wanted = newSession(request.body);
    const retryAfterSeconds = newSessions.take(limitKey(gatekeeper.peerOf(request)));
    if (retryAfterSeconds > 0)
      throw new AppError('TOO_MANY', 'Too many new sessions in a short time', { retryAfterSeconds });
    const requester = gatekeeper.grantOf(request) === 'open' ? 'network' : 'owner';
    const session = await sessions.create({ ...wanted, source: { ...wanted.source, requester } });
    return {
      id: session.id,
      streamUrl: `${baseUrl(request)}/sessions/${session.id}/stream.m3u8`,
      status: session.createdStatus,
    };
  });

  const list = {
    tags: ['sessions'],
    summary: 'List all sessions; only for the owner of this machine',
    response: { 200: SESSION_LIST, '4xx': ERROR },
  };
  app.get('/sessions', { schema: list }, async (_request, reply) => {
    reply.header('Cache-Control', 'no-store');
    return sessions.list().map((session) => session.summary());
  });
}

function memberRoutes(app: App, sessions: SessionRegistry): void {
  const info = {
    tags: ['sessions'],
    summary: 'State of a session and facts about its item',
    params: SESSION_ID,
    response: { 200: SESSION_INFO, '4xx': ERROR },
  };
  app.get('/sessions/:id', { schema: info }, async (request, reply) => {
    reply.header('Cache-Control', 'no-store');
    return sessions.get(request.params.id).info(requestSignal(reply));
  });

  const end = {
    tags: ['sessions'],
    summary: 'End a session',
    params: SESSION_ID,
    response: { 204: Type.Null(), '4xx': ERROR },
  };
  app.delete('/sessions/:id', { schema: end }, async (request, reply) => {
    if (!sessions.end(request.params.id)) throw new AppError('NOT_FOUND', 'There is no such session');
    return reply.code(204).send(null);
  });

  const audio = {
    tags: ['sessions'],
    summary: 'Select the audio track',
    params: SESSION_ID,
    body: AUDIO_CHOICE,
    response: { 200: AUDIO_CHOICE, '4xx': ERROR },
  };
  app.post('/sessions/:id/audio', { schema: audio }, async (request, reply) => {
    const { index } = request.body;
    await sessions.get(request.params.id).selectAudio(index, requestSignal(reply));
    return { index };
  });
}

/** Reads both documented forms of the body: `source` and `kind`, or `uri` and `type`. */
function newSession(body: Static<typeof NEW_SESSION>): NewSession {
  const uri = body.source ?? body.uri;
  if (uri === undefined) throw new AppError('BAD_REQUEST', 'The field "source" (or "uri") is missing');
  const kind = body.kind ?? body.type ?? 'http';
  return {
    source: { uri, kind, headers: body.headers ?? {}, fileIndex: body.fileIdx ?? undefined },
    kind,
    startSeconds: body.startTime ?? 0,
    quality: body.quality ?? undefined,
  };
}
