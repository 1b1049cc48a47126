// Answers to HEAD where the length is not ours to know.
import { Readable } from 'node:stream';

import type { FastifyReply } from 'fastify';

/** The headers as they are; `reply.send()` would state a length of 0, which is not that of GET (RFC 9110 section 8.6). */
export function sendHead(reply: FastifyReply): FastifyReply {
  return reply.send(Readable.from([]));
}
