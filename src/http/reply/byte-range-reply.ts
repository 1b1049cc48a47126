// Replies with an immutable entity, or one range of it: from memory, from a file, or as the bytes are downloaded.
import type { ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';

import type { FastifyReply, FastifyRequest } from 'fastify';

import { isAbort } from '../../base/app-error.ts';
import type { ByteRange } from '../../base/byte-range.ts';
import type { PartReader } from '../../base/part-reader.ts';
import { BufferPair, type BufferPool } from './buffer-pool.ts';
import { matchesEtag, rangeVerdict } from './range-header.ts';

export interface Entity {
  contentType: string;
  cacheControl: string;
  /** Strong validator, with quotes. */
  etag: string;
  sizeBytes: number;
  content: Uint8Array | OpenableContent;
}

export interface OpenableContent {
  /** Opens bytes `[start, end)`. */
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
  if (content instanceof Uint8Array) {
    beginRaw(reply).end(content.subarray(range.start, range.end));
    return;
  }
  using parts = await content.open(range);
  if (parts.bytes) beginRaw(reply).end(parts.bytes);
  else await sendParts(reply, { parts, pool, sizeBytes: range.end - range.start });
}

interface Parts {
  parts: PartReader;
  pool: BufferPool;
  /** Bytes that the header states. */
  sizeBytes: number;
}

/**
 * Sends the headers with the first bytes, so that a failure still gets an error status. After a later failure the connection is closed: a
 * regular end would make the response look complete.
 */
async function sendParts(reply: FastifyReply, { parts, pool, sizeBytes }: Parts): Promise<void> {
  using buffers = new BufferPair(pool);
  let ready = await parts.read(buffers.current);
  const response = beginRaw(reply);
  let missingBytes = sizeBytes;
  const readInto = (buffer: Buffer) => parts.read(buffer).catch((err: unknown) => brokenOff(reply, err));
  while (ready > 0) {
    missingBytes -= ready;
    const writing = written(response, buffers.current.subarray(0, ready));
    ready = await nextPart({ buffers, writing, readInto, isQuick: parts.isQuick });
  }
  if (missingBytes === 0) response.end();
  else response.destroy();
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
 * Reads the next part while the last one is being sent; one that is in the page cache afterwards, into the same buffer, which is still in the
 * cache of the processor. 0: the client left, or the content failed or ended.
 */
async function nextPart({ buffers, writing, readInto, isQuick }: NextPart): Promise<number> {
  if (!isQuick) {
    const [isWritten, ready] = await Promise.all([writing, readInto(buffers.spare)]);
    buffers.swap();
    return isWritten ? ready : 0;
  }
  if (!(await writing)) return 0;
  // A fast client would otherwise get the whole file before the event loop serves other requests.
  await nextTurn();
  return readInto(buffers.current);
}

interface NextPart {
  buffers: BufferPair;
  /** The last part, which is being sent. */
  writing: Promise<boolean>;
  /** Never rejects. */
  readInto(buffer: Buffer): Promise<number>;
  isQuick: boolean;
}

/** The status is sent already, so the log alone can say why the response ends early. */
function brokenOff({ log }: FastifyReply, err: unknown): number {
  if (!isAbort(err)) log.warn({ err }, 'a response broke off');
  return 0;
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
