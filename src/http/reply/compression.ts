// Compresses texts for clients that accept it: the playlist of a long source has hundreds of kilobytes, and a dozen when compressed.
import { promisify } from 'node:util';
import { constants, gzip } from 'node:zlib';

import type { FastifyReply, FastifyRequest } from 'fastify';

/** A text that fits into one packet is not compressed. */
const LEAST_BYTES = 1400;
/** Playlists are repetitive: a higher level makes them hardly smaller. */
const OPTIONS = { level: constants.Z_BEST_SPEED } as const;

const gzipped = promisify(gzip);

/**
 * The bytes of the text, compressed if the client accepts that and the text is long enough; sets the headers of the reply. A request with a range
 * gets the uncompressed bytes, to which the range refers.
 */
export async function compressed(request: FastifyRequest, reply: FastifyReply, text: string): Promise<Buffer> {
  vary(reply, 'Accept-Encoding');
  const bytes = Buffer.from(text);
  const { range, 'accept-encoding': accepted } = request.headers;
  if (bytes.length < LEAST_BYTES || range !== undefined || !acceptsGzip(accepted)) return bytes;
  reply.header('Content-Encoding', 'gzip');
  return gzipped(bytes, OPTIONS);
}

/** Whether `Accept-Encoding` accepts gzip and does not prefer `identity` (RFC 9110 section 12.5.3). */
export function acceptsGzip(header: string | string[] | undefined): boolean {
  const weights = new Map<string, number>();
  for (const part of [header ?? ''].flat().join(',').split(',')) {
    const [name = '', ...parameters] = part.split(';').map((each) => each.trim().toLowerCase());
    const weight = Number(parameters.find((each) => /^q\s*=/.test(each))?.split('=')[1] ?? 1);
    weights.set(name, weight);
  }
  const weight = weights.get('gzip') ?? weights.get('x-gzip') ?? weights.get('*') ?? 0;
  return weight > 0 && weight >= (weights.get('identity') ?? 0);
}

/** Adds a header name to `Vary`. */
function vary(reply: FastifyReply, name: string): void {
  const before = [reply.getHeader('vary') ?? []].flat().map(String);
  reply.header('Vary', [...before, name].join(', '));
}
