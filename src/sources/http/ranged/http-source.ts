// A source on a server that supports ranges: a page cache that exact reads and streams with read-ahead share.
import { MIB } from '../../../base/units.ts';
import { AppError } from '../../../base/app-error.ts';
import type { ByteRange } from '../../../base/byte-range.ts';
import type { MediaInput, Source, StreamRange } from '../../port/source.ts';
import { ConnectionSlots } from '../client/connection-slots.ts';
import { contentId, nameOf } from '../response/content-id.ts';
import { OPENING_BYTES, type InitialResponse } from '../response/initial-response.ts';
import type { HttpClient } from '../client/http-client.ts';
import type { BlockMemory } from './block-memory.ts';
import { PAGE_BYTES, type Borrowed, PageCache, pageOf } from './page-cache.ts';
import { PageReads } from './page-reads.ts';
import type { SourcePublisher } from '../../port/source-publisher.ts';
import { RemoteFile } from '../client/remote-file.ts';
import { type FetchRange, resilientFetch } from '../client/resilient-bytes.ts';
import type { RetryPolicy } from '../client/retry-policy.ts';
import { SequentialReaders, type Reader } from './sequential-readers.ts';
import type { ServerConnections } from '../client/server-connections.ts';
import { SequentialDownload, windowEnd } from './sequential-download.ts';

export interface HttpSourceOptions {
  /** The source owns the client. */
  client: HttpClient;
  /** The URL that the caller named: for the name, and to renew the target of redirects. */
  url: URL;
  initial: InitialResponse;
  publisher: SourcePublisher;
  policy: RetryPolicy;
  /** Size of the page cache in memory. */
  cacheBytes: number;
  memory: BlockMemory;
  /** Maximal read-ahead of a stream, reached after sequential reads. */
  readAheadBytes: number;
  /** Maximal number of connections to the server. */
  maxConnections: number;
  /** The connections that the server allows, shared with other sources on it. */
  connections: ServerConnections;
  /** An unused connection is closed after this time. */
  idleMs: number;
}

/** Read-ahead starts with this and doubles with the bytes that the reader has read: a player that only reads the start costs little. */
const FIRST_WINDOW = 256 * 1024;
/** A request of at most this length is downloaded completely at once. */
const STATED_WINDOW = MIB;
/** A reader with a request of this length, or this many sequential bytes, is expected to continue: read-ahead goes beyond the end of its request. */
const BULK = { requestBytes: 512 * 1024, inOrderBytes: MIB, windowBytes: 2 * MIB } as const;
/** A running download at most this far before the missing byte is waited for, instead of opening a new connection. */
const CATCH_UP_BYTES = MIB;
/** A download stops only at the end of a chunk, so it may exceed its limit by this much. */
const OVERSHOOT_BYTES = 256 * 1024;
const TAIL_BYTES = 16 * 1024;

/** The demand of a stream besides its next bytes. */
interface StreamDemand {
  reader: Reader;
  /** Offset up to which the downloads may run ahead. */
  limit: number;
  /** The reader is expected to continue: the bytes after the buffered ones are downloaded meanwhile. */
  isBulk: boolean;
}

export class HttpSource implements Source {
  readonly name: string;
  readonly sizeBytes: number;
  readonly seekable = true;
  readonly input: MediaInput;
  readonly #options: HttpSourceOptions;
  readonly #file: RemoteFile;
  readonly #cache: PageCache;
  readonly #slots: ConnectionSlots;
  readonly #fetch: FetchRange;
  readonly #reads: PageReads;
  readonly #downloads = new Set<SequentialDownload>();
  readonly #sequentialReaders = new SequentialReaders();
  #id = '';
  #closed = false;

  private constructor(options: HttpSourceOptions, sizeBytes: number) {
    this.#options = options;
    this.sizeBytes = sizeBytes;
    this.name = nameOf(options.url);
    this.#file = new RemoteFile(options.client, options.url, options.initial);
    this.#cache = new PageCache({ sizeBytes, maxBytes: options.cacheBytes, memory: options.memory });
    this.#slots = new ConnectionSlots(options.maxConnections);
    const { connections, policy } = options;
    this.#fetch = resilientFetch({ file: this.#file, connections, policy });
    this.#reads = new PageReads({ sizeBytes, cache: this.#cache, slots: this.#slots, fetch: this.#fetch });
    this.#reads.adopt(options.initial, Math.min(OPENING_BYTES, sizeBytes));
    this.input = { ...options.publisher.publish(this), reportsBuffered: true };
  }

  /**
   * Takes over an initial response to a range; reads the end of the file for the content id.
   * @throws AppError as `read`
   */
  static async open(options: HttpSourceOptions, signal: AbortSignal): Promise<HttpSource> {
    const { sizeBytes } = options.initial;
    if (sizeBytes === undefined) throw new TypeError('a source with ranges has a size');
    const source = new HttpSource(options, sizeBytes);
    try {
      const tail = await source.read({ start: Math.max(0, sizeBytes - TAIL_BYTES), end: sizeBytes }, signal);
      source.#id = contentId(options.initial, tail);
      return source;
    } catch (error) {
      await source[Symbol.asyncDispose]();
      throw error;
    }
  }

  get id(): string {
    return this.#id;
  }

  read(range: ByteRange, signal: AbortSignal): Promise<Uint8Array> {
    return this.#read(range, signal, (inside) => this.#reads.read(inside, signal));
  }

  readAlone(range: ByteRange, signal: AbortSignal): Promise<Uint8Array> {
    return this.#read(range, signal, (inside) => this.#reads.readAlone(inside, signal));
  }

  async *stream(range: StreamRange, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const end = Math.min(range.end ?? this.sizeBytes, this.sizeBytes);
    const reader = this.#sequentialReaders.readerAt(range.start);
    let at = range.start;
    try {
      while (at < end) {
        signal.throwIfAborted();
        this.#assertUsable();
        const demand = { reader, limit: this.#limit(at, { range, reader }), isBulk: isBulk(range, reader) };
        using borrowed = await this.#borrow(at, demand, signal);
        this.#assertUsable();
        const chunk = borrowed.bytes.subarray(0, end - at);
        at += chunk.length;
        reader.inOrderBytes += chunk.length;
        yield chunk;
      }
    } finally {
      if (at === end && isBulk(range, reader) && !this.#closed)
        this.#sequentialReaders.expect(reader, end, () => this.#leave(reader));
      else this.#leave(reader);
    }
  }

  bufferedUntil(start: number): number {
    return this.#cache.bufferedUntil(start);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#options.publisher.withdraw(this);
    this.#sequentialReaders[Symbol.dispose]();
    this.#reads.close(closedError());
    await Promise.all([...this.#downloads].map((download) => download.close(closedError())));
    await this.#options.client[Symbol.asyncDispose]();
    this.#cache.clear();
  }

  async #read(
    range: ByteRange,
    signal: AbortSignal,
    readInside: (inside: ByteRange) => Promise<Uint8Array>,
  ): Promise<Uint8Array> {
    signal.throwIfAborted();
    this.#assertUsable();
    const end = Math.min(range.end, this.sizeBytes);
    if (range.start >= end) return new Uint8Array();
    const bytes = await readInside({ start: range.start, end });
    this.#assertUsable();
    return bytes;
  }

  /** How far ahead of a stream at `at` the downloads may run. */
  #limit(at: number, { range, reader }: { range: StreamRange; reader: Reader }): number {
    const { readAheadBytes } = this.#options;
    if (isBulk(range, reader)) {
      return windowEnd(at, Math.min(readAheadBytes, Math.max(BULK.windowBytes, reader.inOrderBytes / 4)));
    }
    const end = Math.min(range.end ?? this.sizeBytes, this.sizeBytes);
    const firstWindow = end - range.start <= STATED_WINDOW ? STATED_WINDOW : FIRST_WINDOW;
    const window = Math.min(readAheadBytes, Math.max(firstWindow, 2 * (at - range.start)));
    return Math.min(windowEnd(at, window), windowEnd(end - 1, 1));
  }

  /** The bytes of a stream from `at` on; also advances the download of the following bytes, so that they are buffered in time. */
  async #borrow(at: number, demand: StreamDemand, signal: AbortSignal): Promise<Borrowed> {
    const missing = this.#cache.bufferedUntil(at);
    const isBuffered = missing > at;
    const download = missing < this.sizeBytes ? this.#downloadOf(missing, isBuffered, demand) : undefined;
    for (const other of this.#downloads) if (other !== download) other.leave(demand.reader);
    download?.advance(demand.reader, demand.limit);
    if (isBuffered) return this.#cache.borrowed(at);
    return download?.arrival(at, signal) ?? this.#reads.arrival(at, signal);
  }

  /** A download for the first missing byte; undefined when the byte is requested otherwise, or not needed yet. */
  #downloadOf(missing: number, isLater: boolean, demand: StreamDemand): SequentialDownload | undefined {
    if (isLater && missing > demand.limit + OVERSHOOT_BYTES) return undefined;
    const page = pageOf(missing);
    const running = this.#downloadFor(page);
    if (running !== undefined || this.#reads.isInFlight(page)) return running;
    return isLater && !(demand.isBulk && missing < demand.limit) ? undefined : this.#download(page);
  }

  #leave(reader: Reader): void {
    for (const download of this.#downloads) download.leave(reader);
  }

  /** The running download that is at `page` or at most `CATCH_UP_BYTES` before it. */
  #downloadFor(page: number): SequentialDownload | undefined {
    let nearest: SequentialDownload | undefined;
    for (const download of this.#downloads) {
      const { nextPage, running } = download;
      const isNear = nextPage <= page && page - nextPage <= CATCH_UP_BYTES / PAGE_BYTES;
      if (running && isNear && nextPage > (nearest?.nextPage ?? -1)) nearest = download;
    }
    return nearest;
  }

  #download(startPage: number): SequentialDownload {
    const download: SequentialDownload = new SequentialDownload({
      startPage,
      sizeBytes: this.sizeBytes,
      slots: this.#slots,
      fetch: this.#fetch,
      isOpenEnded: () => this.#file.isOpenEnded,
      cache: this.#cache,
      idleMs: this.#options.idleMs,
      ended: () => this.#downloads.delete(download),
    });
    this.#downloads.add(download);
    return download;
  }

  #assertUsable(): void {
    if (this.#closed) throw closedError();
    this.#file.assertSame();
  }
}

function isBulk(range: StreamRange, reader: Reader): boolean {
  if (range.readsOn) return true;
  const asked = range.end === undefined ? 0 : range.end - range.start;
  return asked >= BULK.requestBytes || reader.inOrderBytes >= BULK.inOrderBytes;
}

function closedError(): AppError {
  return new AppError('SOURCE_FAILED', 'The source is closed');
}
