// A file on a server that answers ranges, as a source: a page cache shared by exact reads and by streams that read ahead.
import { MIB } from '../../../base/units.ts';
import { AppError } from '../../../base/app-error.ts';
import type { ByteRange } from '../../../base/byte-range.ts';
import type { MediaInput, Source, StreamRange } from '../../port/source.ts';
import { ConnectionSlots } from '../client/connection-slots.ts';
import { contentId, nameOf } from '../contact/content-id.ts';
import { OPENING_BYTES, type FirstContact } from '../contact/first-contact.ts';
import type { HttpClient } from '../client/http-client.ts';
import type { BlockMemory } from './block-memory.ts';
import { PAGE_BYTES, type Borrowed, PageCache, pageOf } from './page-cache.ts';
import { PageReads } from './page-reads.ts';
import type { SourcePublisher } from '../../port/source-publisher.ts';
import { RemoteFile } from '../client/remote-file.ts';
import { type FetchRange, resilientFetch } from '../client/resilient-bytes.ts';
import type { RetryPolicy } from '../client/retry-policy.ts';
import { ReaderTrails, type Reader } from './reader-trails.ts';
import type { ServerConnections } from '../client/server-connections.ts';
import { SequentialDownload, windowEnd } from './sequential-download.ts';

export interface HttpSourceOptions {
  /** Owned from here on. */
  client: HttpClient;
  /** As the user gave it: for the name, and to renew what redirects gave. */
  url: URL;
  contact: FirstContact;
  publisher: SourcePublisher;
  policy: RetryPolicy;
  /** Kept in memory. */
  cacheBytes: number;
  memory: BlockMemory;
  /** How far a stream may run ahead of its reader, once it has proved to be read in order. */
  readAheadBytes: number;
  /** Connections to the server at a time. */
  maxConnections: number;
  /** Those that the server allows, shared with other sources on it. */
  connections: ServerConnections;
  /** A connection nobody needs is closed after this. */
  idleMs: number;
}

/** Read-ahead begins here and doubles with what the reader has taken: a player that only looks at the start costs little. */
const FIRST_WINDOW = 256 * 1024;
/** Who asks for an end that is this near wants all of it: it is let through at once. */
const STATED_WINDOW = MIB;
/** Who asks for so much at a time, or has read so much in order, reads on: it is read ahead of, beyond the end it stated. */
const BULK = { requestBytes: 512 * 1024, inOrderBytes: MIB, windowBytes: 2 * MIB } as const;
/** A download this far behind is caught up with rather than replaced by a new connection. */
const CATCH_UP_BYTES = MIB;
/** A download stops at its limit only where a chunk ends. */
const OVERSHOOT_BYTES = 256 * 1024;
const TAIL_BYTES = 16 * 1024;

/** What a stream wants besides its next bytes. */
interface Wish {
  reader: Reader;
  /** How far the downloads may run ahead for it. */
  limit: number;
  /** Somebody reads on: what comes after bytes that are here is fetched meanwhile. */
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
  readonly #trails = new ReaderTrails();
  #id = '';
  #closed = false;

  private constructor(options: HttpSourceOptions, sizeBytes: number) {
    this.#options = options;
    this.sizeBytes = sizeBytes;
    this.name = nameOf(options.url);
    this.#file = new RemoteFile(options.client, options.url, options.contact);
    this.#cache = new PageCache({ sizeBytes, maxBytes: options.cacheBytes, memory: options.memory });
    this.#slots = new ConnectionSlots(options.maxConnections);
    const { connections, policy } = options;
    this.#fetch = resilientFetch({ file: this.#file, connections, policy });
    this.#reads = new PageReads({ sizeBytes, cache: this.#cache, slots: this.#slots, fetch: this.#fetch });
    this.#reads.adopt(options.contact, Math.min(OPENING_BYTES, sizeBytes));
    this.input = { ...options.publisher.publish(this), reportsBuffered: true };
  }

  /**
   * Takes over a first contact that answered a range; reads the end of the file for the identity.
   * @throws AppError as `read`
   */
  static async open(options: HttpSourceOptions, signal: AbortSignal): Promise<HttpSource> {
    const { sizeBytes } = options.contact;
    if (sizeBytes === undefined) throw new TypeError('a source with ranges has a size');
    const source = new HttpSource(options, sizeBytes);
    try {
      const tail = await source.read({ start: Math.max(0, sizeBytes - TAIL_BYTES), end: sizeBytes }, signal);
      source.#id = contentId(options.contact, tail);
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
    const reader = this.#trails.readerAt(range.start);
    let at = range.start;
    try {
      while (at < end) {
        signal.throwIfAborted();
        this.#assertUsable();
        const wish = { reader, limit: this.#limit(at, { range, reader }), isBulk: isBulk(range, reader) };
        using borrowed = await this.#borrow(at, wish, signal);
        this.#assertUsable();
        const chunk = borrowed.bytes.subarray(0, end - at);
        at += chunk.length;
        reader.inOrderBytes += chunk.length;
        yield chunk;
      }
    } finally {
      if (at === end && isBulk(range, reader) && !this.#closed)
        this.#trails.expect(reader, end, () => this.#leave(reader));
      else this.#leave(reader);
    }
  }

  bufferedUntil(start: number): number {
    return this.#cache.hereUntil(start);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#options.publisher.withdraw(this);
    this.#trails[Symbol.dispose]();
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

  /** Some bytes from `at` on, for a stream; also moves the download of what comes next on, so that it is here in time. */
  async #borrow(at: number, wish: Wish, signal: AbortSignal): Promise<Borrowed> {
    const missing = this.#cache.hereUntil(at);
    const isHere = missing > at;
    const download = missing < this.sizeBytes ? this.#downloadOf(missing, isHere, wish) : undefined;
    for (const other of this.#downloads) if (other !== download) other.leave(wish.reader);
    download?.advance(wish.reader, wish.limit);
    if (isHere) return this.#cache.borrowed(at);
    return download?.arrival(at, signal) ?? this.#reads.arrival(at, signal);
  }

  /** A download for the first byte that is missing; undefined when it is on its way otherwise, or not wanted yet. */
  #downloadOf(missing: number, isLater: boolean, wish: Wish): SequentialDownload | undefined {
    if (isLater && missing > wish.limit + OVERSHOOT_BYTES) return undefined;
    const page = pageOf(missing);
    const running = this.#downloadFor(page);
    if (running !== undefined || this.#reads.isFlying(page)) return running;
    return isLater && !(wish.isBulk && missing < wish.limit) ? undefined : this.#download(page);
  }

  #leave(reader: Reader): void {
    for (const download of this.#downloads) download.leave(reader);
  }

  /** The running download that is at `page` or will reach it soon. */
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
