// Replies that carry media: playlists, which change, and segments, which never do.
import type { FastifyReply, FastifyRequest } from 'fastify';

import type { SegmentReply } from '../../sessions/session-replies.ts';
import type { BufferPool } from './buffer-pool.ts';
import { sendEntity } from './byte-range-reply.ts';
import { compressed } from './compression.ts';
import { withToken } from '../access/tokens-in-request.ts';

const PLAYLIST_TYPE = 'application/vnd.apple.mpegurl';
export const IMMUTABLE = 'public, max-age=31536000, immutable';

const SEGMENT_TYPES = { cmaf: 'video/mp4', mpegts: 'video/mp2t' } as const;

/** A token that the playlist was asked for with goes on every address in it. */
export async function sendPlaylist(reply: FastifyReply, text: string): Promise<FastifyReply> {
  const { request } = reply;
  const bytes = await compressed(request, reply, withToken(text, request));
  return reply.header('Cache-Control', 'no-store').type(PLAYLIST_TYPE).send(bytes);
}

/** Sends what `make` gives. The cache may drop the file just before it is opened: then it is made once more. */
export async function sendSegment(
  request: FastifyRequest,
  reply: FastifyReply,
  { pool, make }: { pool: BufferPool; make(): Promise<SegmentReply> },
): Promise<FastifyReply> {
  try {
    return await sendMade(request, reply, { pool, made: await make() });
  } catch (error) {
    if (!isMissingFile(error)) throw error;
    return sendMade(request, reply, { pool, made: await make() });
  }
}

function sendMade(
  request: FastifyRequest,
  reply: FastifyReply,
  { pool, made }: { pool: BufferPool; made: SegmentReply },
): Promise<FastifyReply> {
  const { file, format } = made;
  const entity = {
    content: file.bytes ?? file.path,
    etag: file.etag,
    sizeBytes: file.sizeBytes,
    contentType: SEGMENT_TYPES[format],
    cacheControl: IMMUTABLE,
  };
  return sendEntity(request, reply, { entity, pool });
}

function isMissingFile(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}
