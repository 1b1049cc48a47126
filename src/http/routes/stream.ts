// The muxed route: one MPEG-TS playlist with the session's audio track, and the position in the query.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type, type Static } from 'typebox';

import { AppError } from '../../base/app-error.ts';
import type { SessionRegistry } from '../../sessions/session-registry.ts';
import type { Seek } from '../../sessions/session-replies.ts';
import type { App } from '../schemas/app-type.ts';
import type { BufferPool } from '../reply/buffer-pool.ts';
import { sendPlaylist, sendSegment } from '../reply/media-reply.ts';
import { sendRelayed } from '../reply/relayed-reply.ts';
import { requestSignal } from '../reply/request-signal.ts';
import { SESSION_ID } from '../schemas/session.ts';

const PLAYLIST_NAME = 'child.m3u8';
const FILE = Type.Object({ id: Type.String(), name: Type.String() });
const TEXT = Type.Optional(Type.Union([Type.String(), Type.Array(Type.String())]));
const QUERY = Type.Object({ seek: TEXT, seek_id: TEXT, force_slice: TEXT, stream: TEXT });

type Query = Static<typeof QUERY>;
type Parts = { sessions: SessionRegistry; pool: BufferPool };

export function streamRoutes(app: App, parts: Parts): void {
  const playlist = { tags: ['playback'], summary: 'Muxed media playlist', params: SESSION_ID, querystring: QUERY };
  app.get('/sessions/:id/stream', { schema: playlist }, async (request, reply) => {
    const { id } = request.params;
    const name = first(request.query.stream) ?? PLAYLIST_NAME;
    if (name === PLAYLIST_NAME)
      return sendMuxed(request, reply, { ...parts, id, query: request.query, prefix: 'stream/' });
    return sendFile(request, reply, { ...parts, id, name });
  });

  app.get(`/sessions/:id/stream/${PLAYLIST_NAME}`, { schema: playlist }, async (request, reply) => {
    return sendMuxed(request, reply, { ...parts, id: request.params.id, query: request.query, prefix: '' });
  });

  const file = { tags: ['playback'], summary: 'Muxed segment, made on demand', params: FILE };
  app.get('/sessions/:id/stream/:name', { schema: file }, async (request, reply) => {
    return sendFile(request, reply, { ...parts, ...request.params });
  });
}

interface MuxedCall extends Parts {
  id: string;
  query: Query;
  prefix: string;
}

async function sendMuxed(
  request: FastifyRequest,
  reply: FastifyReply,
  { sessions, id, query, prefix }: MuxedCall,
): Promise<FastifyReply> {
  const session = sessions.get(id);
  const answer = await session.muxed({ seek: parseSeek(query), prefix }, requestSignal(reply));
  // Every playlist holds the whole timeline and starts at 0, wherever playback starts.
  reply.header('X-Raffi-Slice-Start', '0.000');
  if ('text' in answer) return sendPlaylist(reply, answer.text);
  const search = new URLSearchParams(request.url.split('?')[1] ?? '');
  search.delete('stream');
  search.set('seek', answer.redirectSeconds.toFixed(3));
  search.set('seek_id', 'auto');
  return reply
    .header('Cache-Control', 'no-store')
    .redirect(`/sessions/${id}/stream/${PLAYLIST_NAME}?${search.toString()}`, 302);
}

async function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  { sessions, pool, id, name }: Parts & { id: string; name: string },
): Promise<FastifyReply> {
  const signal = requestSignal(reply);
  const made = await sessions.get(id).streamFile(name, request.headers.range, signal);
  if ('text' in made) return sendPlaylist(reply, made.text);
  if ('relayed' in made) return sendRelayed(request, reply, made.relayed);
  let known: typeof made | undefined = made;
  const get = async () => {
    const segment = known ?? (await sessions.get(id).streamFile(name, undefined, signal));
    known = undefined;
    if (!('segment' in segment)) throw new AppError('NOT_READY', 'The session changed');
    return segment;
  };
  return sendSegment(request, reply, { pool, get });
}

/** `auto` is the seek id of redirects of this server: each counts as a new seek. Only requests with another id are treated as repeats. */
function parseSeek(query: Query): Seek | undefined {
  const text = first(query.seek);
  if (text === undefined) return undefined;
  const seconds = text.trim() === '' ? Number.NaN : Number(text);
  if (!Number.isFinite(seconds)) throw new AppError('BAD_REQUEST', 'The field "seek" must be a number of seconds');
  const id = first(query.seek_id);
  return { seconds, id: id === '' || id === 'auto' ? undefined : id?.slice(0, 128) };
}

function first(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
