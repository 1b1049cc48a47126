// The loopback HTTP endpoint at which media workers read remote sources: workers never connect to a remote server themselves.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { MIB } from '../../base/units.ts';

import { AppError, isAbort } from '../../base/app-error.ts';
import { parseRange, resolveRange } from '../../base/byte-range.ts';
import type { SourcePublisher } from '../port/source-publisher.ts';
import { IN_ORDER_QUERY, isFarAhead } from '../port/in-order-input.ts';
import type { EndpointInput, Source } from '../port/source.ts';

const HOST = '127.0.0.1';

interface Publication {
  source: Source;
  path: string;
  error: AppError | undefined;
  /** The source is being played: its readers continue after each request. */
  isReadOn: boolean;
}

/** Long, because workers keep a demuxer, and its connection, from one segment to the next. */
const KEEP_ALIVE_MS = 15 * 60_000;

/** Request header of clients that send another request when a response is shorter than the range, as RFC 9110 section 15.3.7 allows. */
const SHORT_ANSWERS = 'Raffi-Short-Answers';

/**
 * Length of such responses. A response fills the socket buffers, whether it is read or not: probing a few positions must not download megabytes.
 * A sequential reader gains by fewer responses.
 */
const RESPONSE_BYTES = { probe: 256 * 1024, sequential: 2 * MIB } as const;

/** A reader with this many sequential bytes counts as sequential. */
const IN_ORDER_BYTES = 2 * MIB;

/** A range of a source of unknown size is answered in pieces, because each response has to state its length first. */
const PIECE_BYTES = 256 * 1024;

/** The size that is stated while it is unknown: it lets libav seek back. */
const SIZE_UNKNOWN = Number.MAX_SAFE_INTEGER;

/** Serves sources to other processes of this machine, each under a path of 256 random bits. Owns its server. */
export class SourceEndpoint implements SourcePublisher, AsyncDisposable {
  readonly #server: Server;
  readonly #port: number;
  readonly #byPath = new Map<string, Publication>();
  readonly #bySource = new Map<Source, Publication>();
  /** Sequential bytes sent on each connection, and their end. */
  readonly #sent = new WeakMap<Socket, { end: number; inOrderBytes: number }>();

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.#port = port;
    server.on('request', (request, response) => void this.#answer(request, response));
  }

  /** Listens on a free port of 127.0.0.1. */
  static async open(): Promise<SourceEndpoint> {
    const server = createServer({
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: 10_000,
      requestTimeout: 30_000,
    });
    server.listen(0, HOST);
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new TypeError('the endpoint has no port');
    return new SourceEndpoint(server, address.port);
  }

  get port(): number {
    return this.#port;
  }

  publish(source: Source): EndpointInput {
    const known = this.#bySource.get(source);
    const path = `/${randomBytes(32).toString('base64url')}`;
    const publication = known ?? { source, path, error: undefined, isReadOn: false };
    this.#bySource.set(source, publication);
    this.#byPath.set(publication.path, publication);
    const url = `http://${HOST}:${this.#port}${publication.path}`;
    return { kind: 'endpoint', url, headers: `${SHORT_ANSWERS}: 1\r\n` };
  }

  /** Marks the source as being played: from now on its readers continue after each request. */
  readOn(source: Source): void {
    const publication = this.#bySource.get(source);
    if (publication) publication.isReadOn = true;
  }

  withdraw(source: Source): void {
    const publication = this.#bySource.get(source);
    if (publication === undefined) return;
    this.#bySource.delete(source);
    this.#byPath.delete(publication.path);
  }

  /** The failure of the last response for this source; undefined when it succeeded (readers that left do not count). */
  lastError(source: Source): AppError | undefined {
    return this.#bySource.get(source)?.error;
  }

  /** The end of the buffered bytes from `start` on, of the source at a published URL; infinity: to the end of the source. */
  bufferedUntil(url: string, start: number): number {
    const source = this.#byPath.get(URL.parse(url)?.pathname ?? '')?.source;
    const end = source?.bufferedUntil?.(start) ?? start;
    return end === source?.sizeBytes ? Infinity : end;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  /** Maximal length of a response that starts at `start`. */
  #mostBytes({ headers, socket }: IncomingMessage, { isReadOn }: Publication, start: number): number {
    if (headers[SHORT_ANSWERS.toLowerCase()] === undefined) return Infinity;
    const sent = this.#sent.get(socket);
    const inOrderBytes = sent?.end === start ? sent.inOrderBytes : 0;
    // After a jump a demuxer may only probe the new position.
    const isSequential = inOrderBytes > (isReadOn ? 0 : IN_ORDER_BYTES);
    return isSequential ? RESPONSE_BYTES.sequential : RESPONSE_BYTES.probe;
  }

  #note(socket: Socket, { start, end }: ReplyPlan): void {
    if (end === undefined) return;
    const sent = this.#sent.get(socket);
    const before = sent?.end === start ? sent.inOrderBytes : 0;
    this.#sent.set(socket, { end, inOrderBytes: before + end - start });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // Only workers of this server know the host and port; any other Host may be a web page after DNS rebinding.
    if (request.headers.host !== `${HOST}:${this.#port}`) return refuse(response, 421);
    if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(response, 405);
    const [path = '', query] = (request.url ?? '').split('?');
    const publication = this.#byPath.get(path);
    if (publication === undefined) return refuse(response, 404);
    const { source } = publication;
    const inOrder = `?${query}` === IN_ORDER_QUERY;
    const rangeHeader = request.headers.range;
    const mostBytes = (start: number): number => this.#mostBytes(request, publication, start);
    const plan = planReply(source, { rangeHeader, maySeek: source.seekable || inOrder, mostBytes });
    this.#note(request.socket, plan);
    if (inOrder && isFarAhead(source, plan.start)) return refuse(response, 503);
    if (request.method === 'HEAD' || plan.status === 416) {
      response.writeHead(plan.status, plan.headers).end();
      return;
    }
    const gone = new AbortController();
    response.once('close', () => {
      if (!response.writableFinished) gone.abort(new DOMException('The reader left', 'AbortError'));
    });
    try {
      const reader = { response, signal: gone.signal, readsOn: publication.isReadOn };
      await (plan.isPiece ? sendPiece(source, plan, reader) : send(source, plan, reader));
      publication.error = undefined;
    } catch (error) {
      if (gone.signal.aborted || isAbort(error)) return void response.destroy();
      publication.error = asAppError(error);
      if (response.headersSent) response.destroy();
      else refuse(response, 502);
    }
  }
}

interface EndpointReader {
  response: ServerResponse;
  signal: AbortSignal;
  readsOn: boolean;
}

interface ReplyPlan {
  status: 200 | 206 | 416;
  headers: Record<string, string>;
  start: number;
  /** Undefined: to the end of a source of unknown size. */
  end: number | undefined;
  /** A range of a source of unknown size. */
  isPiece?: true;
}

/** 200, 206 or 416 by RFC 9110 section 14; ranges that are not single and well-formed are ignored, as it allows. */
function planReply(
  source: Source,
  {
    rangeHeader,
    maySeek,
    mostBytes,
  }: { rangeHeader: string | undefined; maySeek: boolean; mostBytes: (start: number) => number },
): ReplyPlan {
  const size = source.sizeBytes;
  const spec = parseRange(rangeHeader);
  const common = { 'content-type': 'application/octet-stream', 'cache-control': 'no-store' };
  if (size === undefined) {
    const piece = maySeek && spec !== undefined ? resolveRange(spec, SIZE_UNKNOWN) : undefined;
    return piece
      ? { status: 206, headers: { ...common, 'accept-ranges': 'bytes' }, ...piece, isPiece: true }
      : { status: 200, headers: common, start: 0, end: undefined };
  }
  // libav seeks if `Accept-Ranges` is set or the status is 206. It must not seek when a seek waits for all bytes before it.
  const headers = maySeek ? { ...common, 'accept-ranges': 'bytes' } : common;
  const whole = spec === undefined || (!maySeek && rangeHeader === 'bytes=0-');
  if (whole) return { status: 200, headers: { ...headers, 'content-length': String(size) }, start: 0, end: size };
  const range = resolveRange(spec, size);
  if (range === undefined) {
    return {
      status: 416,
      headers: { ...headers, 'content-length': '0', 'content-range': `bytes */${size}` },
      start: 0,
      end: 0,
    };
  }
  const { start } = range;
  const end = Math.min(range.end, start + mostBytes(start));
  const length = String(end - start);
  const contentRange = `bytes ${start}-${end - 1}/${size}`;
  return { status: 206, headers: { ...headers, 'content-length': length, 'content-range': contentRange }, start, end };
}

/** The headers are sent with the first bytes, so that a failure of the source can still be answered with an error status. */
async function send(source: Source, plan: ReplyPlan, reader: EndpointReader): Promise<void> {
  const { response, signal } = reader;
  const { start, end } = plan;
  const range = { start, ...(end !== undefined && { end }), readsOn: reader.readsOn };
  for await (const chunk of source.stream(range, signal)) {
    // A response that is closed would never drain.
    signal.throwIfAborted();
    if (!response.headersSent) response.writeHead(plan.status, plan.headers);
    await written(response, chunk);
  }
  signal.throwIfAborted();
  if (!response.headersSent) response.writeHead(plan.status, plan.headers);
  response.end();
}

/** Resolves when the memory of the chunk can be reused: the chunk was sent, or the reader has left. */
function written(response: ServerResponse, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    response.once('close', resolve);
    response.write(chunk, () => {
      response.off('close', resolve);
      resolve();
    });
  });
}

/** Reads one byte more than it sends, so that the last piece of the source states the size. */
async function sendPiece(source: Source, plan: ReplyPlan, reader: EndpointReader): Promise<void> {
  const { start } = plan;
  const end = Math.min(plan.end ?? Infinity, start + PIECE_BYTES);
  const bytes = (await source.read({ start, end: end + 1 }, reader.signal)).subarray(0, end - start);
  const { response } = reader;
  if (bytes.length === 0)
    return void response
      .writeHead(416, { 'content-length': '0', 'content-range': `bytes */${source.sizeBytes}` })
      .end();
  const contentRange = `bytes ${start}-${start + bytes.length - 1}/${source.sizeBytes ?? SIZE_UNKNOWN}`;
  response.writeHead(206, { ...plan.headers, 'content-length': String(bytes.length), 'content-range': contentRange });
  response.end(bytes);
}

function asAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  return new AppError('SOURCE_FAILED', 'The source could not be read', { cause: error });
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-length': '0' }).end();
}
