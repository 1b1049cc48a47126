// A download with one connection that runs ahead of its readers through a file, page by page, and pauses when it is far enough ahead.
import { MIB } from '../../../base/units.ts';
import type { ByteRange } from '../../../base/byte-range.ts';
import type { ConnectionSlots, SlotHolder } from '../client/connection-slots.ts';
import { PAGE_BYTES, type Borrowed, type PageCache, type PageWriter, pageOf } from './page-cache.ts';
import { PageWaiters } from './page-waiters.ts';
import { Notifier } from '../client/notifier.ts';
import type { Reader } from './sequential-readers.ts';
import type { FetchRange } from '../client/resilient-bytes.ts';

export interface DownloadOptions {
  startPage: number;
  sizeBytes: number;
  slots: ConnectionSlots;
  fetch: FetchRange;
  /** Every response continues to the end of the file, so an open response is kept instead of starting a new one. */
  isOpenEnded(): boolean;
  cache: PageCache;
  /** After this time without demand the connection is closed; after this time without a reader the download ends. */
  idleMs: number;
  /** Called once, when the download will deliver no more pages. */
  ended: () => void;
}

/**
 * A download requests a small share of the file at a time, until `SMALL_REQUESTS` of them were read; then half as much as was
 * read so far, and finally all the rest. The bytes of a long response in the sockets are sent for nothing when the reader
 * only needed a few pages.
 */
const SHARE_OF_FILE = 1 / 2048;
const SMALLEST_REQUEST = 128 * 1024;
const LARGEST_FIRST_REQUEST = MIB;
const SMALL_REQUESTS = 8;
const LARGEST_REQUEST = 8 * MIB;

/** Made once: capturing the stack trace costs more than the rest of a small request. */
const NO_READERS = new DOMException('No reader is left', 'AbortError');

/** Runs from its construction until its readers have left, the file ends, the retries are exhausted, or it is closed. */
export class SequentialDownload implements SlotHolder {
  readonly #options: DownloadOptions;
  readonly #writer: PageWriter;
  /** The limit of each reader, in bytes from the start of the file. */
  readonly #limits = new Map<Reader, number>();
  readonly #waiters = new PageWaiters();
  readonly #wake = new Notifier();
  readonly #life = new AbortController();
  readonly #done: Promise<void>;
  #connection: AbortController | undefined;
  #pausedAt: number | undefined;
  #readerless: NodeJS.Timeout | undefined;

  constructor(options: DownloadOptions) {
    this.#options = options;
    const { cache, startPage, sizeBytes } = options;
    this.#writer = cache.writer(startPage, sizeBytes, (page) =>
      this.#waiters.deliver(page, (at) => cache.borrowed(at)),
    );
    this.#done = this.#run();
  }

  /** False: the download delivers no more pages. */
  get running(): boolean {
    return !this.#life.signal.aborted;
  }

  /** The page being received: all pages before it since the start were delivered. */
  get nextPage(): number {
    return pageOf(this.#writer.position);
  }

  /** Raises the limit of the reader. */
  advance(reader: Reader, limit: number): void {
    clearTimeout(this.#readerless);
    if ((this.#limits.get(reader) ?? -1) >= limit) return;
    this.#limits.set(reader, limit);
    this.#wake.notify();
  }

  /**
   * Waits for the bytes from `at` on, in a page not yet delivered and within a limit. The caller disposes them.
   * @throws AppError of the source; the signal's reason
   */
  arrival(at: number, signal: AbortSignal): Promise<Borrowed> {
    return this.#waiters.wait(at, signal);
  }

  leave(reader: Reader): void {
    if (!this.#limits.delete(reader)) return;
    this.#wake.notify();
    if (this.#limits.size > 0 || !this.running) return;
    this.#readerless = setTimeout(() => this.#life.abort(NO_READERS), this.#options.idleMs);
  }

  idleSince(): number | undefined {
    return this.#pausedAt;
  }

  drop(): void {
    this.#connection?.abort(new Error('the connection makes room'));
    this.#wake.notify();
  }

  /** Rejects waiting readers with `reason`. Resolves when the connection is closed. */
  async close(reason: Error): Promise<void> {
    this.#life.abort(reason);
    await this.#done;
  }

  get #isDemanded(): boolean {
    const position = this.#writer.position;
    for (const limit of this.#limits.values()) if (position < limit) return true;
    return false;
  }

  async #run(): Promise<void> {
    // The first reader is added right after the construction, in the same turn.
    await Promise.resolve();
    let reason: unknown = NO_READERS;
    try {
      while (this.#writer.position < this.#options.sizeBytes) {
        if (this.#isDemanded) await this.#connect();
        // Readers without demand keep the download, but not its connection, until they raise their limit or leave.
        else if (this.#limits.size > 0) await this.#wake.wait(this.#life.signal);
        else break;
      }
    } catch (error) {
      reason = error;
    }
    clearTimeout(this.#readerless);
    this.#life.abort(reason);
    this.#options.ended();
    this.#writer[Symbol.dispose]();
    this.#waiters.fail(reason);
  }

  /** Receives one response until its end, a long pause, or `drop`. */
  async #connect(): Promise<void> {
    const connection = new AbortController();
    this.#connection = connection;
    const signal = AbortSignal.any([this.#life.signal, connection.signal]);
    try {
      using _slot = await this.#options.slots.acquire(this, signal);
      if (!this.#isDemanded) return;
      const range = this.#nextRange();
      const take = (chunk: Uint8Array): boolean | Promise<boolean> => {
        this.#writer.push(chunk);
        return this.#isDemanded || this.#writer.position >= range.end || this.#pause(signal);
      };
      await this.#options.fetch(range, take, { holder: this, signal });
    } catch (error) {
      if (!connection.signal.aborted || this.#life.signal.aborted) throw error;
    } finally {
      this.#connection = undefined;
    }
  }

  #nextRange(): ByteRange {
    const { startPage, sizeBytes, isOpenEnded } = this.#options;
    const start = this.#writer.position;
    if (isOpenEnded()) return { start, end: sizeBytes };
    const first = Math.min(Math.max(SMALLEST_REQUEST, sizeBytes * SHARE_OF_FILE), LARGEST_FIRST_REQUEST);
    const taken = start - startPage * PAGE_BYTES;
    const allowed = Math.min(Math.max(0, ...this.#limits.values()) - start, LARGEST_FIRST_REQUEST);
    const length = Math.max(taken < SMALL_REQUESTS * first ? first : taken / 2, allowed);
    const end = length > LARGEST_REQUEST ? sizeBytes : pageOf(start + length) * PAGE_BYTES;
    return { start, end: Math.min(end, sizeBytes) };
  }

  /** Waits until a reader raises its limit; false after the idle time. */
  async #pause(signal: AbortSignal): Promise<boolean> {
    this.#pausedAt = performance.now();
    const idle = new AbortController();
    const timer = setTimeout(() => idle.abort(new Error('idle')), this.#options.idleMs);
    try {
      const either = AbortSignal.any([signal, idle.signal]);
      while (!this.#isDemanded) await this.#wake.wait(either);
      return true;
    } catch (error) {
      if (signal.aborted) throw error;
      return false;
    } finally {
      clearTimeout(timer);
      this.#pausedAt = undefined;
    }
  }
}

/** The end of a window of `windowBytes` after a byte, in whole pages. */
export function windowEnd(byte: number, windowBytes: number): number {
  return (pageOf(byte + windowBytes - 1) + 1) * PAGE_BYTES;
}
