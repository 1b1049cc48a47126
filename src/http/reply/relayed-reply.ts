// Replies with bytes of another HLS server.
import { Readable } from 'node:stream';

import type { FastifyReply, FastifyRequest } from 'fastify';

import type { RelayedBytes } from '../../presentation/media-item.ts';
import { sendHead } from './head-reply.ts';

/** Passes the bytes on as they arrive; a client that leaves ends the upstream request. */
export function sendRelayed(request: FastifyRequest, reply: FastifyReply, bytes: RelayedBytes): FastifyReply {
  reply
    .code(bytes.status)
    .header('Cache-Control', 'no-store')
    .type(bytes.contentType ?? 'application/octet-stream');
  if (bytes.contentRange !== undefined) reply.header('Content-Range', bytes.contentRange);
  if (bytes.contentLength !== undefined) reply.header('Content-Length', bytes.contentLength);
  const body = Readable.from(bytes.body);
  if (request.method !== 'HEAD') return reply.send(body);
  body.destroy();
  return sendHead(reply);
}
