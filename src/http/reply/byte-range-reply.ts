// Replies with an immutable entity, or one range of it: from memory, from a store, or as the bytes arrive.
import type { ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';

import type { FastifyReply, FastifyRequest } from 'fastify';

import type { ByteRange } from '../../base/byte-range.ts';
import type { PartReader } from '../../base/part-reader.ts';
import type { BufferPool } from './buffer-pool.ts';
import { matchesEtag, rangeVerdict } from './range-header.ts';

export interface Entity {
  contentType: string;
  cacheControl: string;
  /** Strong validator, with quotes. */
  etag: string;
  sizeBytes: number;
  /** The bytes, an object that opens a range `[start, end)`, or a function that yields a range as it arrives. */
  content: Uint8Array | OpenableContent | ((range: ByteRange) => AsyncIterable<Uint8Array>);
}

export interface OpenableContent {
  open(range: ByteRange): Promise<PartReader>;
}

/**
 * Answers GET and HEAD with 200, 206, 304 or 416.
 * @throws the error of the content when opening or the first read fails; nothing was sent then
 */
export async function sendEntity(
  request: FastifyRequest,
  reply: FastifyReply,
  { entity, pool }: { entity: Entity; pool: BufferPool },
): Promise<FastifyReply> {
  reply.header('ETag', entity.etag).header('Cache-Control', entity.cacheControl).header('Accept-Ranges', 'bytes');
  if (matchesEtag(request.headers['if-none-match'], entity.etag)) return reply.code(304).send();
  const verdict = rangeVerdict({
    range: request.headers.range,
    ifRange: oneHeader(request.headers['if-range']),
    etag: entity.etag,
    sizeBytes: entity.sizeBytes,
  });
  if (verdict.kind === 'unsatisfiable') {
    return reply
      .code(416)
      .header('Content-Range', `bytes */${entity.sizeBytes}`)
      .header('Cache-Control', 'no-store')
      .send();
  }
  reply.type(entity.contentType);
  const range = verdict.kind === 'part' ? verdict.range : { start: 0, end: entity.sizeBytes };
  reply.header('Content-Length', range.end - range.start);
  if (verdict.kind === 'part') {
    reply.code(206).header('Content-Range', `bytes ${range.start}-${range.end - 1}/${entity.sizeBytes}`);
  }
  await sendBody(request, reply, { entity, pool, range });
  return reply;
}

interface Body {
  entity: Entity;
  pool: BufferPool;
  range: ByteRange;
}

async function sendBody(request: FastifyRequest, reply: FastifyReply, { entity, pool, range }: Body): Promise<void> {
  const { content } = entity;
  if (request.method === 'HEAD' || range.start === range.end) {
    beginRaw(reply).end();
    return;
  }
  if (typeof content === 'function') return sendChunks(reply, content(range));
  if (content instanceof Uint8Array) {
    beginRaw(reply).end(content.subarray(range.start, range.end));
    return;
  }
  using parts = await content.open(range);
  const response = beginRaw(reply);
  if (parts.bytes) response.end(parts.bytes);
  else if (await writeParts(response, parts, pool)) response.end();
  else response.destroy();
}

/** The headers are sent with the first bytes, so that a failure still gets an error status. A later failure closes the connection: a regular
 * end would make the response look complete. */
async function sendChunks(reply: FastifyReply, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  let response: ServerResponse | undefined;
  try {
    for await (const chunk of chunks) {
      response ??= beginRaw(reply);
      if (!(await written(response, chunk))) return void response.destroy();
    }
    (response ?? beginRaw(reply)).end();
  } catch (error) {
    if (response === undefined) throw error;
    response.destroy();
  }
}

/** Takes the response over from the framework, with the headers that were set so far (CORS headers included). */
function beginRaw(reply: FastifyReply): ServerResponse {
  reply.hijack();
  const headers = Object.entries(reply.getHeaders()).flatMap(([name, value]) =>
    value === undefined ? [] : [name, value],
  );
  return reply.raw.writeHead(reply.statusCode, headers);
}

/**
 * Reads the next buffer while the last one is being sent; a file in the page cache needs only one buffer.
 * False: the client left, or the file ends early.
 */
async function writeParts(response: ServerResponse, parts: PartReader, pool: BufferPool): Promise<boolean> {
  let buffer = pool.take();
  let spare: Buffer | undefined;
  try {
    let ready = await parts.read(buffer);
    while (ready > 0 && !response.destroyed) {
      const writing = written(response, buffer.subarray(0, ready));
      if (parts.isQuick) {
        if (!(await writing)) return false;
        // A fast client would otherwise get the whole file before the event loop serves other requests.
        await nextTurn();
        ready = await parts.read(buffer);
      } else {
        spare ??= pool.take();
        const [isWritten, bytesRead] = await Promise.all([writing, parts.read(spare)]);
        if (!isWritten) return false;
        ready = bytesRead;
        [buffer, spare] = [spare, buffer];
      }
    }
    return parts.isAtEnd;
  } finally {
    pool.release(buffer);
    if (spare) pool.release(spare);
  }
}

/** Resolves when the buffer can be reused: true when it was passed to the kernel, false when the connection closed. */
function written(response: ServerResponse, bytes: Uint8Array): Promise<boolean> {
  return new Promise((resolve) => {
    const gone = () => resolve(false);
    response.once('close', gone);
    response.write(bytes, (error) => {
      response.off('close', gone);
      resolve(error === null || error === undefined);
    });
  });
}

function oneHeader(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
