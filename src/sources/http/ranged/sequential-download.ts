// One connection that runs ahead of its readers through a file, page by page, and waits when it is far enough ahead.
import { MIB } from '../../../base/units.ts';
import type { ByteRange } from '../../../base/byte-range.ts';
import type { ConnectionSlots, SlotHolder } from '../client/connection-slots.ts';
import { PAGE_BYTES, type Borrowed, type PageCache, type PageWriter, pageOf } from './page-cache.ts';
import { PageWaiters } from './page-waiters.ts';
import { Pulse } from '../client/pulse.ts';
import type { Reader } from './reader-trails.ts';
import type { FetchRange } from '../client/resilient-bytes.ts';

export interface DownloadOptions {
  startPage: number;
  sizeBytes: number;
  slots: ConnectionSlots;
  fetch: FetchRange;
  /** Every answer goes on to the end of the file: it is better read than begun anew. */
  isOpenEnded(): boolean;
  cache: PageCache;
  /** With all readers satisfied for this long the connection is closed, without a reader the download ends. */
  idleMs: number;
  /** Called once, when it will give no more pages. */
  ended: () => void;
}

/**
 * A download asks for a small share of the file at a time, until it was read on for a while; then for half as much as was
 * taken, and at last for all the rest. What waits in the sockets of a long answer was sent for nothing when the reader
 * only looked at a few pages.
 */
const SHARE_OF_FILE = 1 / 2048;
const SMALLEST_REQUEST = 128 * 1024;
const LARGEST_FIRST_REQUEST = MIB;
const SMALL_REQUESTS = 8;
const LARGEST_REQUEST = 8 * MIB;

/** Made once, as it is needed often: the trace of its origin costs more than all else of a small request. */
const NOBODY_READS = new DOMException('Nobody reads', 'AbortError');

/** Runs from its construction until its readers are gone, the file or the server is at its end, or it is closed. */
export class SequentialDownload implements SlotHolder {
  readonly #options: DownloadOptions;
  readonly #writer: PageWriter;
  /** How far each reader lets it run, in bytes from the start of the file. */
  readonly #limits = new Map<Reader, number>();
  readonly #waiters = new PageWaiters();
  readonly #wake = new Pulse();
  readonly #life = new AbortController();
  readonly #done: Promise<void>;
  #connection: AbortController | undefined;
  #pausedAt: number | undefined;
  #lonely: NodeJS.Timeout | undefined;

  constructor(options: DownloadOptions) {
    this.#options = options;
    const { cache, startPage, sizeBytes } = options;
    this.#writer = cache.writer(startPage, sizeBytes, (page) =>
      this.#waiters.deliver(page, (at) => cache.borrowed(at)),
    );
    this.#done = this.#run();
  }

  /** False: it gives no more pages. */
  get running(): boolean {
    return !this.#life.signal.aborted;
  }

  /** The page being received: everything before was delivered. */
  get nextPage(): number {
    return pageOf(this.#writer.position);
  }

  /** Lets it run to `limit` for this reader. */
  advance(reader: Reader, limit: number): void {
    clearTimeout(this.#lonely);
    if ((this.#limits.get(reader) ?? -1) >= limit) return;
    this.#limits.set(reader, limit);
    this.#wake.fire();
  }

  /**
   * Waits for the bytes from `at` on, which are in a page not yet delivered; `advance` must allow it. The caller's to dispose.
   * @throws AppError of the source; the signal's reason
   */
  arrival(at: number, signal: AbortSignal): Promise<Borrowed> {
    return this.#waiters.wait(at, signal);
  }

  leave(reader: Reader): void {
    if (!this.#limits.delete(reader)) return;
    this.#wake.fire();
    if (this.#limits.size > 0 || !this.running) return;
    this.#lonely = setTimeout(() => this.#life.abort(NOBODY_READS), this.#options.idleMs);
  }

  idleSince(): number | undefined {
    return this.#pausedAt;
  }

  drop(): void {
    this.#connection?.abort(new Error('the connection makes room'));
    this.#wake.fire();
  }

  /** Readers that wait get `reason`. Resolves when the connection is closed. */
  async close(reason: Error): Promise<void> {
    this.#life.abort(reason);
    await this.#done;
  }

  get #hungry(): boolean {
    const position = this.#writer.position;
    for (const limit of this.#limits.values()) if (position < limit) return true;
    return false;
  }

  async #run(): Promise<void> {
    // Constructed and advanced in one go: the reader comes before the first look.
    await Promise.resolve();
    let reason: unknown = NOBODY_READS;
    try {
      while (this.#writer.position < this.#options.sizeBytes) {
        if (this.#hungry) await this.#connect();
        // Readers that have enough keep the download, not its connection, until they want more or leave.
        else if (this.#limits.size > 0) await this.#wake.wait(this.#life.signal);
        else break;
      }
    } catch (error) {
      reason = error;
    }
    clearTimeout(this.#lonely);
    this.#life.abort(reason);
    this.#options.ended();
    this.#writer[Symbol.dispose]();
    this.#waiters.fail(reason);
  }

  /** Receives one answer until its end, a long pause, or until it is dropped. */
  async #connect(): Promise<void> {
    const connection = new AbortController();
    this.#connection = connection;
    const signal = AbortSignal.any([this.#life.signal, connection.signal]);
    try {
      using _slot = await this.#options.slots.acquire(this, signal);
      if (!this.#hungry) return;
      const range = this.#nextRange();
      const take = (chunk: Uint8Array): boolean | Promise<boolean> => {
        this.#writer.push(chunk);
        return this.#hungry || this.#writer.position >= range.end || this.#pause(signal);
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

  /** Waits until a reader wants more; false after the idle time. */
  async #pause(signal: AbortSignal): Promise<boolean> {
    this.#pausedAt = performance.now();
    const idle = new AbortController();
    const timer = setTimeout(() => idle.abort(new Error('idle')), this.#options.idleMs);
    try {
      const either = AbortSignal.any([signal, idle.signal]);
      while (!this.#hungry) await this.#wake.wait(either);
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
