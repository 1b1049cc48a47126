// Replies to HEAD requests for content of unknown length.
import { Readable } from 'node:stream';

import type { FastifyReply } from 'fastify';

/** Sends the headers unchanged; `reply.send()` would state a length of 0, which is not that of GET (RFC 9110 section 8.6). */
export function sendHead(reply: FastifyReply): FastifyReply {
  return reply.send(Readable.from([]));
}
