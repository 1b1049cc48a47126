// Subtitle tracks, each as one WebVTT text. A track that was not read yet is sent while it is read, so its first cues do not wait for its last.
import { Readable } from 'node:stream';

import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';

import type { SessionRegistry } from '../../sessions/session-registry.ts';
import type { App } from '../schemas/app-type.ts';
import type { BufferPool } from '../reply/buffer-pool.ts';
import { sendEntity } from '../reply/byte-range-reply.ts';
import { compressed } from '../reply/compression.ts';
import { sendHead } from '../reply/head-reply.ts';
import { IMMUTABLE } from '../reply/media-reply.ts';
import { matchesEtag } from '../reply/range-header.ts';
import { requestSignal } from '../reply/request-signal.ts';

const TRACK = Type.Object({
  id: Type.String(),
  name: Type.String({ description: '`0.vtt` for the first subtitle track, as listed in `availableStreams`' }),
});
const WEBVTT_TYPE = 'text/vtt; charset=utf-8';

export function subtitleRoutes(app: App, { sessions, pool }: { sessions: SessionRegistry; pool: BufferPool }): void {
  const track = { tags: ['playback'], summary: 'A text subtitle track as WebVTT', params: TRACK };
  app.get('/sessions/:id/subtitles/:name', { schema: track }, async (request, reply) => {
    const signal = requestSignal(reply);
    const { etag, whole, isInOrder, pieces } = await sessions
      .get(request.params.id)
      .subtitles(request.params.name, signal);
    if (whole !== undefined) return sendWhole(request, reply, { etag, whole, pool });
    const isKnown = matchesEtag(request.headers['if-none-match'], etag);
    // The first piece is awaited before the headers are sent, so an unreadable track gets an error status.
    const texts = isKnown || request.method === 'HEAD' ? undefined : pieces(signal)[Symbol.asyncIterator]();
    const first = await texts?.next();
    // Node does not close the iterator of a stream that never started, so the abort closes it.
    if (texts !== undefined) onceAborted(signal, () => texts.return?.());
    // Pieces out of order differ from the whole text, so clients must not cache them under its ETag.
    if (isInOrder) reply.header('ETag', etag).header('Cache-Control', IMMUTABLE);
    else reply.header('Cache-Control', 'no-store');
    if (isKnown) return reply.code(304).send();
    reply.type(WEBVTT_TYPE);
    if (texts === undefined || first === undefined) return sendHead(reply);
    return reply.send(Readable.from(joined(first.done === true ? '' : first.value, texts)));
  });
}

async function sendWhole(
  request: FastifyRequest,
  reply: FastifyReply,
  { etag, whole, pool }: { etag: string; whole: string; pool: BufferPool },
): Promise<FastifyReply> {
  const content = await compressed(request, reply, whole);
  const isCompressed = reply.hasHeader('Content-Encoding');
  const entity = {
    content,
    // Compressed bytes have an ETag of their own.
    etag: isCompressed ? etag.replace(/"$/u, '-gzip"') : etag,
    sizeBytes: content.byteLength,
    contentType: WEBVTT_TYPE,
    cacheControl: IMMUTABLE,
  };
  return sendEntity(request, reply, { entity, pool });
}

/** Runs `end` on the abort, or at once when the signal is aborted already. Errors of `end` are reported by the reader of the stream. */
function onceAborted(signal: AbortSignal, end: () => Promise<unknown> | undefined): void {
  const run = () => void end()?.catch(() => undefined);
  if (signal.aborted) run();
  else signal.addEventListener('abort', run, { once: true });
}

async function* joined(first: string, rest: AsyncIterator<string>): AsyncGenerator<Buffer> {
  try {
    yield Buffer.from(first);
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield Buffer.from(next.value);
  } finally {
    await rest.return?.();
  }
}
