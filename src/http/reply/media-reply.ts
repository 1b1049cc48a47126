// Replies with media: playlists, which change, and segments, which never change.
import type { FastifyReply, FastifyRequest } from 'fastify';

import { AppError } from '../../base/app-error.ts';
import type { SegmentReply } from '../../sessions/session-replies.ts';
import type { BufferPool } from './buffer-pool.ts';
import { sendEntity } from './byte-range-reply.ts';
import { compressed } from './compression.ts';
import { withToken } from '../access/tokens-in-request.ts';

const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl';
export const IMMUTABLE = 'public, max-age=31536000, immutable';

const SEGMENT_TYPES = { cmaf: 'video/mp4', mpegts: 'video/mp2t' } as const;

/** Sends a playlist, with the token of the request in every URI of it. */
export async function sendPlaylist(reply: FastifyReply, text: string): Promise<FastifyReply> {
  const { request } = reply;
  const bytes = await compressed(request, reply, withToken(text, request));
  return reply.header('Cache-Control', 'no-store').type(PLAYLIST_TYPE).send(bytes);
}

/** Sends the segment that `get` resolves with. If the store evicts it before it is opened, `get` is called once more. */
export async function sendSegment(
  request: FastifyRequest,
  reply: FastifyReply,
  { pool, get }: { pool: BufferPool; get(): Promise<SegmentReply> },
): Promise<FastifyReply> {
  try {
    return await sendOpened(request, reply, { pool, got: await get() });
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'SEGMENT_EVICTED')) throw error;
    return sendOpened(request, reply, { pool, got: await get() });
  }
}

function sendOpened(
  request: FastifyRequest,
  reply: FastifyReply,
  { pool, got }: { pool: BufferPool; got: SegmentReply },
): Promise<FastifyReply> {
  const { segment, format } = got;
  const { etag, sizeBytes } = segment;
  const entity = { content: segment, etag, sizeBytes, contentType: SEGMENT_TYPES[format], cacheControl: IMMUTABLE };
  return sendEntity(request, reply, { entity, pool });
}
