// A real HTTP server that serves bytes, with faults on demand, for the tests of remote sources.
import { createCipheriv } from 'node:crypto';
import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface Faults {
  /** False: `Range` is ignored. Default true. */
  ranges?: boolean;
  /** False: no Content-Length, chunked. Default true. */
  length?: boolean;
  /** `null`: none. Default `"v1"`. */
  etag?: string | null;
  contentType?: string | null;
  /** Replaces the response to the n-th request (from 0). */
  status?: (request: RecordedRequest) => number | undefined;
  /** Body of such a response. */
  statusBody?: string;
  /** Resets the connection after this many bytes of each body; bytes that the client has not read are lost. */
  resetEveryBytes?: number;
  /** Closes the connection properly after this many bytes of each body. */
  closeEveryBytes?: number;
  /** Sends nothing for a while at this byte of the file, the first `times` times that a body reaches it (default once). */
  stall?: { atByte: number; forMs: number; times?: number };
  /** False: `Content-Range` states a total of `*`. */
  total?: boolean;
  /** States a size that exceeds the file by this much. */
  extraBytes?: number;
  /** Ends the body at this byte of the file, whatever length was stated, and closes the connection properly. */
  endAtByte?: number;
  bytesPerSecond?: number;
  /** Target of the redirect. */
  redirect?: (request: RecordedRequest) => string | undefined;
  /** Aborts the body of such a response. */
  breaksRedirects?: boolean;
  /** Responses to ranges go from their start to the end of the file, whatever end was requested. */
  answersToEnd?: boolean;
  /** Delay of the response, milliseconds. */
  delayMs?: number;
  /** Headers added to every response, including redirects and errors. */
  headers?: (request: RecordedRequest) => Record<string, string | string[]>;
  /** Replaces the response to a range of a file of `size` bytes; 200: the range is ignored. */
  rangeStatus?: (range: RecordedRange, size: number) => number | undefined;
  /** Maximum of bytes in the response to a range. */
  mostBytes?: number;
  /** Replaces the stated length. */
  statedLength?: (length: number) => number;
  /** Replaces `Content-Range`. */
  contentRange?: (range: RecordedRange, size: number) => string;
  /** One connection is served at a time: another one gets this status, or aborts the older one. */
  oneAtATime?: number | 'kick';
}

/** `[start, end)` of the request. */
export interface RecordedRange {
  start: number;
  /** Infinity: until the end. */
  end: number;
}

export interface RecordedRequest {
  index: number;
  path: string;
  method: string;
  headers: IncomingHttpHeaders;
  range: RecordedRange | undefined;
}

const WRITE_BYTES = 16 * 1024;

/** Serves one file at every path. `faults` and `content` may change while the server runs. */
export class FaultServer implements AsyncDisposable {
  faults: Faults;
  content: Uint8Array;
  readonly requests: RecordedRequest[] = [];
  /** Body bytes written to the network. */
  bytesSent = 0;
  /** Requests in progress, and their maximum so far. */
  active = 0;
  mostActive = 0;
  /** Requests refused or aborted because of `oneAtATime`. */
  refused = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #end = new AbortController();
  #stalls = 0;
  #served: ServerResponse | undefined;

  private constructor(content: Uint8Array, faults: Faults) {
    this.content = content;
    this.faults = faults;
    this.#server = createServer(
      (request, response) => void this.#answer(request, response).catch(() => response.destroy()),
    );
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
  }

  /** Listens on a free port, on all loopback addresses, so that `127.0.0.1` and `localhost` are two hosts of one server. */
  static async start(content: Uint8Array, faults: Faults = {}): Promise<FaultServer> {
    const server = new FaultServer(content, faults);
    server.#server.listen(0);
    await once(server.#server, 'listening');
    return server;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('not listening');
    return address.port;
  }

  /** Number of open connections. */
  get connections(): number {
    return this.#sockets.size;
  }

  url(path = '/film.mkv', host = '127.0.0.1'): string {
    return `http://${host}:${this.port}${path}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const recorded = this.#record(request);
    this.active += 1;
    this.mostActive = Math.max(this.mostActive, this.active);
    response.once('close', () => (this.active -= 1));
    const { faults } = this;
    if (faults.delayMs !== undefined) await delay(faults.delayMs, undefined, { signal: this.#end.signal });
    for (const [name, value] of Object.entries(faults.headers?.(recorded) ?? {})) response.setHeader(name, value);
    const location = faults.redirect?.(recorded);
    if (location !== undefined && faults.breaksRedirects) {
      response.writeHead(302, { location, 'content-length': 50 }).write('moved', () => response.socket?.end());
      return;
    }
    if (location !== undefined) return void response.writeHead(302, { location }).end('moved');
    const status = faults.status?.(recorded);
    if (status !== undefined) return void response.writeHead(status).end(faults.statusBody ?? `status ${status}`);
    if (faults.oneAtATime !== undefined && !this.#admit(response, faults.oneAtATime)) return;
    await this.#serve(recorded, response);
  }

  /** Makes the request the only one that is served; false when the request was refused. */
  #admit(response: ServerResponse, busy: number | 'kick'): boolean {
    const other = this.#served;
    if (other !== undefined) this.refused += 1;
    if (other !== undefined && busy !== 'kick') {
      response.writeHead(busy, { 'retry-after': '1' }).end('busy');
      return false;
    }
    other?.socket?.destroy();
    this.#served = response;
    response.once('close', () => {
      if (this.#served === response) this.#served = undefined;
    });
    return true;
  }

  #record(request: IncomingMessage): RecordedRequest {
    const match = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    const start = Number(match?.[1]);
    const end = match?.[2] === '' ? Infinity : Number(match?.[2]) + 1;
    const recorded = {
      index: this.requests.length,
      path: request.url ?? '',
      method: request.method ?? '',
      headers: request.headers,
      range: match === null ? undefined : { start, end },
    };
    this.requests.push(recorded);
    return recorded;
  }

  async #serve(request: RecordedRequest, response: ServerResponse): Promise<void> {
    const { faults } = this;
    const size = this.content.length + (faults.extraBytes ?? 0);
    const special = request.range && faults.rangeStatus?.(request.range, size);
    if (special !== undefined && special !== 200) return void response.writeHead(special).end(`status ${special}`);
    const range = faults.ranges === false || special === 200 ? undefined : request.range;
    if (range !== undefined && range.start >= size) {
      return void response.writeHead(416, { 'content-range': `bytes */${size}` }).end();
    }
    const asked = range ?? { start: 0, end: size };
    const { start } = asked;
    const most = range === undefined ? Infinity : (faults.mostBytes ?? Infinity);
    const end = faults.answersToEnd ? size : Math.min(asked.end, size, start + most);
    const length = faults.statedLength?.(end - start) ?? end - start;
    const { etag = '"v1"', contentType = 'video/x-matroska' } = faults;
    const stated =
      faults.contentRange?.({ start, end }, size) ?? `bytes ${start}-${end - 1}/${faults.total === false ? '*' : size}`;
    response.writeHead(range === undefined ? 200 : 206, {
      ...(etag === null ? {} : { etag }),
      ...(contentType === null ? {} : { 'content-type': contentType }),
      ...(faults.length === false ? {} : { 'content-length': length }),
      ...(range === undefined ? {} : { 'content-range': stated }),
    });
    await this.#send(response, start, end);
  }

  async #send(response: ServerResponse, start: number, end: number): Promise<void> {
    const { content } = this;
    const startedMs = performance.now();
    for (let at = start; at < end;) {
      const { resetEveryBytes = Infinity, closeEveryBytes = Infinity, endAtByte = Infinity } = this.faults;
      const { stall, bytesPerSecond } = this.faults;
      const cut = start + Math.min(resetEveryBytes, closeEveryBytes);
      const stop = Math.min(at + WRITE_BYTES, end, content.length, endAtByte, cut);
      if (stall !== undefined && at <= stall.atByte && stall.atByte < stop) await this.#stall(stall);
      if (stop > at) await this.#write(response, content.subarray(at, stop));
      at = stop;
      if (at === start + resetEveryBytes) return void response.socket?.resetAndDestroy();
      if (at === start + closeEveryBytes) return void response.socket?.end();
      if (at >= Math.min(content.length, endAtByte)) break;
      if (bytesPerSecond === undefined) continue;
      const dueMs = startedMs + ((at - start) / bytesPerSecond) * 1000;
      await delay(Math.max(0, dueMs - performance.now()), undefined, { signal: this.#end.signal });
    }
    if (this.faults.length === false || !(this.faults.endAtByte ?? this.faults.extraBytes)) response.end();
    else response.socket?.end();
  }

  async #stall(stall: NonNullable<Faults['stall']>): Promise<void> {
    this.#stalls += 1;
    if (this.#stalls <= (stall.times ?? 1)) await delay(stall.forMs, undefined, { signal: this.#end.signal });
  }

  async #write(response: ServerResponse, bytes: Uint8Array): Promise<void> {
    if (response.destroyed) throw new Error('the client left');
    this.bytesSent += bytes.length;
    if (response.write(bytes)) return;
    const gone = new AbortController();
    const leave = (): void => gone.abort(new Error('the client left'));
    response.once('close', leave);
    try {
      await once(response, 'drain', { signal: AbortSignal.any([gone.signal, this.#end.signal]) });
    } finally {
      response.off('close', leave);
    }
  }
}

/** Pseudo-random bytes, always the same, after a Matroska signature, so that they are not detected as text. */
export function sampleBytes(size: number, seed = 1): Uint8Array {
  const key = Buffer.alloc(16, seed);
  const bytes = createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(size));
  bytes.set([0x1a, 0x45, 0xdf, 0xa3].slice(0, size));
  return bytes;
}
