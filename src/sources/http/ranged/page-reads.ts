// Reads of exact ranges: only the pages that are missing are requested, and those on their way are shared.
import type { ByteRange } from '../../../base/byte-range.ts';
import type { ConnectionSlots } from '../client/connection-slots.ts';
import { PAGE_BYTES, type Borrowed, pageOf, type PageCache } from './page-cache.ts';
import { PageWaiters } from './page-waiters.ts';
import { ignore } from '../client/pulse.ts';
import type { OpenedBody } from '../contact/first-contact.ts';
import type { FetchRange } from '../client/resilient-bytes.ts';

export interface PageReadsOptions {
  sizeBytes: number;
  cache: PageCache;
  slots: ConnectionSlots;
  fetch: FetchRange;
}

/** Pages requested together; ends when the last one who reads from it leaves. */
interface Flight {
  waiters: PageWaiters;
  readers: Set<object>;
  stop: AbortController;
}

/** First and last. */
interface Pages {
  first: number;
  last: number;
}

/** An answer that began with `head` and is still coming. */
export interface Opening {
  head: Uint8Array;
  rest: OpenedBody;
}

/** Made once: the trace of its origin costs more than all else of a small request. */
const NOBODY_WAITS = new DOMException('Nobody waits', 'AbortError');

/** A read has a connection for a moment only: nobody is asked to give it up. */
const HOLDER = { idleSince: () => undefined };

export class PageReads {
  readonly #options: PageReadsOptions;
  /** By the pages that are still to come. */
  readonly #flying = new Map<number, Flight>();
  readonly #flights = new Set<Flight>();
  readonly #end = new AbortController();

  constructor(options: PageReadsOptions) {
    this.#options = options;
  }

  /** `[start, end)` inside the file, as a buffer of the caller's own. */
  async read(range: ByteRange, signal: AbortSignal): Promise<Uint8Array> {
    const out = Buffer.allocUnsafeSlow(range.end - range.start);
    const reader = {};
    try {
      for (let page = pageOf(range.start); page * PAGE_BYTES < range.end; page += 1)
        if (!this.#options.cache.has(page)) this.#flightOf(page, range.end).readers.add(reader);
      for (let at = range.start; at < range.end;) {
        using piece = this.#options.cache.borrow(at) ?? (await this.#arrival(at, { reader, end: range.end }, signal));
        const bytes = piece.bytes.subarray(0, range.end - at);
        out.set(bytes, at - range.start);
        at += bytes.length;
      }
      return out;
    } finally {
      this.#leave(reader);
    }
  }

  /** The same without the rest of its pages, unless they are here: only these bytes are requested, and not kept. */
  async readAlone(range: ByteRange, signal: AbortSignal): Promise<Uint8Array> {
    const { cache, slots, fetch } = this.#options;
    if (cache.hereUntil(range.start) >= range.end) return this.read(range, signal);
    const live = AbortSignal.any([signal, this.#end.signal]);
    using _slot = await slots.acquire(HOLDER, live);
    const out = Buffer.allocUnsafeSlow(range.end - range.start);
    let at = 0;
    const take = (chunk: Uint8Array): boolean => {
      out.set(chunk, at);
      at += chunk.length;
      return true;
    };
    await fetch(range, take, { holder: HOLDER, signal: live });
    return out;
  }

  /** Whether the page is on its way. */
  isFlying(page: number): boolean {
    return this.#flying.has(page);
  }

  /** The bytes from `at` on, which are on their way. */
  arrival(at: number, signal: AbortSignal): Promise<Borrowed> {
    const flight = this.#flying.get(pageOf(at));
    if (flight === undefined) throw new TypeError(`byte ${at} is not on its way`);
    const reader = {};
    flight.readers.add(reader);
    return flight.waiters.wait(at, signal).finally(() => this.#leave(reader));
  }

  /** Pages from the start of the file to `end`, whose bytes are on their way already; what is lost of them is requested again. */
  adopt(opening: Opening, end: number): void {
    const pages = { first: 0, last: pageOf(end - 1) };
    // Nobody waits for it now, but somebody will.
    this.#launch(pages, { readers: [this], opening });
  }

  /** Ends what is on its way. */
  close(reason: Error): void {
    this.#end.abort(reason);
    for (const flight of this.#flights) flight.stop.abort(reason);
  }

  #arrival(at: number, { reader, end }: { reader: object; end: number }, signal: AbortSignal): Promise<Borrowed> {
    const flight = this.#flightOf(pageOf(at), end);
    flight.readers.add(reader);
    return flight.waiters.wait(at, signal);
  }

  #flightOf(page: number, end: number): Flight {
    return this.#flying.get(page) ?? this.#start(page, end);
  }

  /** Requests from `first` to the next page that is here or on its way, at most to the one that holds `end - 1`. */
  #start(first: number, end: number): Flight {
    const { cache } = this.#options;
    let last = first;
    while ((last + 1) * PAGE_BYTES < end && !this.#flying.has(last + 1) && !cache.has(last + 1)) last += 1;
    return this.#launch({ first, last }, { readers: [] });
  }

  #launch(pages: Pages, { readers, opening }: { readers: object[]; opening?: Opening }): Flight {
    const flight = { waiters: new PageWaiters(), readers: new Set(readers), stop: new AbortController() };
    this.#flights.add(flight);
    for (let page = pages.first; page <= pages.last; page += 1) this.#flying.set(page, flight);
    this.#run(flight, pages, opening)
      .catch((error: unknown) => {
        this.#forget(flight);
        flight.waiters.fail(error);
      })
      .finally(() => this.#forget(flight))
      .catch(ignore);
    return flight;
  }

  async #run(flight: Flight, { first, last }: Pages, opening: Opening | undefined): Promise<void> {
    const { sizeBytes, cache, slots, fetch } = this.#options;
    const { signal } = flight.stop;
    await using _rest = opening?.rest;
    const range = { start: first * PAGE_BYTES, end: Math.min((last + 1) * PAGE_BYTES, sizeBytes) };
    using _slot = await slots.acquire(HOLDER, signal);
    using writer = cache.writer(first, range.end, (page) => {
      this.#flying.delete(page);
      flight.waiters.deliver(page, (at) => cache.borrowed(at));
    });
    const take = (chunk: Uint8Array): boolean => {
      writer.push(chunk);
      return writer.position < range.end;
    };
    if (opening) await received(opening, take, signal);
    await fetch({ start: writer.position, end: range.end }, take, { holder: HOLDER, signal });
  }

  #leave(reader: object): void {
    for (const flight of this.#flights) {
      if (!flight.readers.delete(reader) || flight.readers.size > 0) continue;
      this.#forget(flight);
      flight.stop.abort(NOBODY_WAITS);
    }
  }

  #forget(flight: Flight): void {
    this.#flights.delete(flight);
    for (const [page, flying] of this.#flying) if (flying === flight) this.#flying.delete(page);
  }
}

/** As much of it as is taken. Why no more comes does not matter, as long as nobody wants it to end. */
async function received(
  { head, rest }: Opening,
  take: (chunk: Uint8Array) => boolean,
  signal: AbortSignal,
): Promise<void> {
  // Closed before anything else is asked for: the server may allow one connection at a time.
  await using body = rest;
  signal.throwIfAborted();
  if (!take(head)) return;
  const end = (): void => void body[Symbol.asyncDispose]();
  signal.addEventListener('abort', end, { once: true });
  try {
    for await (const chunk of body.chunks) if (!take(chunk)) return;
  } catch {
    signal.throwIfAborted();
  } finally {
    signal.removeEventListener('abort', end);
  }
}
