// Reads of exact ranges: only missing pages are requested, and concurrent reads share requests in flight.
import type { ByteRange } from '../../../base/byte-range.ts';
import type { ConnectionSlots } from '../client/connection-slots.ts';
import { PAGE_BYTES, type Borrowed, pageOf, type PageCache } from './page-cache.ts';
import { PageWaiters } from './page-waiters.ts';
import { ignore } from '../client/notifier.ts';
import type { OpenedBody } from '../response/initial-response.ts';
import type { FetchRange } from '../client/resilient-bytes.ts';

export interface PageReadsOptions {
  sizeBytes: number;
  cache: PageCache;
  slots: ConnectionSlots;
  fetch: FetchRange;
}

/** Pages requested together; the flight ends when its last reader leaves. */
interface Flight {
  waiters: PageWaiters;
  readers: Set<object>;
  stop: AbortController;
}

/** First and last page, both included. */
interface Pages {
  first: number;
  last: number;
}

/** A response whose first bytes are `head` and whose rest is still being received. */
export interface Opening {
  head: Uint8Array;
  rest: OpenedBody;
}

/** Made once: capturing the stack trace costs more than the rest of a small request. */
const NO_WAITERS = new DOMException('No reader waits', 'AbortError');

/** A read holds its connection only briefly, so it is never asked to close it. */
const HOLDER = { idleSince: () => undefined };

export class PageReads {
  readonly #options: PageReadsOptions;
  /** Flights by their pages that have not arrived. */
  readonly #inFlight = new Map<number, Flight>();
  readonly #flights = new Set<Flight>();
  readonly #end = new AbortController();

  constructor(options: PageReadsOptions) {
    this.#options = options;
  }

  /** Reads `[start, end)`, which lies inside the file, into a new buffer. */
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

  /** The same, but requests only the missing bytes instead of whole pages, and does not cache them. */
  async readAlone(range: ByteRange, signal: AbortSignal): Promise<Uint8Array> {
    const { cache, slots, fetch } = this.#options;
    if (cache.bufferedUntil(range.start) >= range.end) return this.read(range, signal);
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

  /** Whether the page is requested. */
  isInFlight(page: number): boolean {
    return this.#inFlight.has(page);
  }

  /** Waits for the bytes from `at` on, whose page is requested. */
  arrival(at: number, signal: AbortSignal): Promise<Borrowed> {
    const flight = this.#inFlight.get(pageOf(at));
    if (flight === undefined) throw new TypeError(`byte ${at} is not requested`);
    const reader = {};
    flight.readers.add(reader);
    return flight.waiters.wait(at, signal).finally(() => this.#leave(reader));
  }

  /** Takes over an open response for the bytes from the start of the file to `end`; bytes lost on the way are requested again. */
  adopt(opening: Opening, end: number): void {
    const pages = { first: 0, last: pageOf(end - 1) };
    // The flight has no reader yet: `this` keeps it alive.
    this.#launch(pages, { readers: [this], opening });
  }

  /** Ends all flights. */
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
    return this.#inFlight.get(page) ?? this.#start(page, end);
  }

  /** Requests from `first` to the next page that is buffered or requested, at most to the page of `end - 1`. */
  #start(first: number, end: number): Flight {
    const { cache } = this.#options;
    let last = first;
    while ((last + 1) * PAGE_BYTES < end && !this.#inFlight.has(last + 1) && !cache.has(last + 1)) last += 1;
    return this.#launch({ first, last }, { readers: [] });
  }

  #launch(pages: Pages, { readers, opening }: { readers: object[]; opening?: Opening }): Flight {
    const flight = { waiters: new PageWaiters(), readers: new Set(readers), stop: new AbortController() };
    this.#flights.add(flight);
    for (let page = pages.first; page <= pages.last; page += 1) this.#inFlight.set(page, flight);
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
      this.#inFlight.delete(page);
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
      flight.stop.abort(NO_WAITERS);
    }
  }

  #forget(flight: Flight): void {
    this.#flights.delete(flight);
    for (const [page, inFlight] of this.#inFlight) if (inFlight === flight) this.#inFlight.delete(page);
  }
}

/** Passes the bytes of an open response to `take` until it has enough. Errors of the response are ignored: the rest is requested again. */
async function received(
  { head, rest }: Opening,
  take: (chunk: Uint8Array) => boolean,
  signal: AbortSignal,
): Promise<void> {
  // The response is closed before the next request: the server may allow one connection at a time.
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
