// Reads of exact ranges: only the pages that are missing are requested, and those on their way are shared.
import { untilAborted } from '../../base/until-aborted.ts';
import type { ByteRange } from '../../base/byte-range.ts';
import type { ConnectionSlots } from './connection-slots.ts';
import { PAGE_BYTES, type Page, PageAssembler, pageOf, type PageCache, piecesFrom } from './page-cache.ts';
import { ignore } from './pulse.ts';

export interface PageReadsOptions {
  sizeBytes: number;
  cache: PageCache;
  slots: ConnectionSlots;
  /** Exactly the bytes of the range, retried inside. */
  bytes: (range: ByteRange, signal: AbortSignal) => AsyncIterable<Uint8Array>;
}

/** Pages requested together; ends when the last one who waits for it leaves. */
interface Fetch {
  pages: Promise<Map<number, Page>>;
  waiting: number;
  stop: AbortController;
}

/** A read has a connection for a moment only: nobody is asked to give it up. */
const HOLDER = { idleSince: () => undefined };

export class PageReads {
  readonly #options: PageReadsOptions;
  readonly #flying = new Map<number, Fetch>();
  readonly #fetches = new Set<Fetch>();
  readonly #end = new AbortController();

  constructor(options: PageReadsOptions) {
    this.#options = options;
  }

  /** `[start, end)` inside the file, as a buffer of the caller's own. */
  async read(range: ByteRange, signal: AbortSignal): Promise<Uint8Array> {
    const out = Buffer.allocUnsafeSlow(range.end - range.start);
    const wanted = new Map<Fetch, number[]>();
    for (let page = pageOf(range.start); page * PAGE_BYTES < range.end; page += 1) {
      const cached = this.#options.cache.get(page);
      if (cached !== undefined) {
        copyPage({ page, bytes: cached }, range, out);
        continue;
      }
      const fetch = this.#flying.get(page) ?? this.#fetch(page, range.end);
      wanted.set(fetch, [...(wanted.get(fetch) ?? []), page]);
    }
    await Promise.all(
      [...wanted].map(([fetch, pages]) =>
        this.#join(fetch, signal).then((got) => {
          for (const page of pages) copyPage({ page, bytes: pageFrom(got, page) }, range, out);
        }),
      ),
    );
    return out;
  }

  /** The same without the rest of its pages, unless they are here: only these bytes are requested, and not kept. */
  async readAlone(range: ByteRange, signal: AbortSignal): Promise<Uint8Array> {
    if (this.#isHere(range)) return this.read(range, signal);
    const { slots, bytes } = this.#options;
    const live = AbortSignal.any([signal, this.#end.signal]);
    using _slot = await slots.acquire(HOLDER, live);
    const out = Buffer.allocUnsafeSlow(range.end - range.start);
    let at = 0;
    for await (const chunk of bytes(range, live)) {
      out.set(chunk, at);
      at += chunk.length;
    }
    return out;
  }

  /** A page that is on its way already; undefined otherwise. */
  flying(page: number, signal: AbortSignal): Promise<Page> | undefined {
    const fetch = this.#flying.get(page);
    return fetch && this.#join(fetch, signal).then((pages) => pageFrom(pages, page));
  }

  /** Ends what is on its way. */
  close(reason: Error): void {
    this.#end.abort(reason);
    for (const fetch of this.#fetches) fetch.stop.abort(reason);
  }

  #isHere({ start, end }: ByteRange): boolean {
    for (let page = pageOf(start); page * PAGE_BYTES < end; page += 1)
      if (this.#options.cache.get(page) === undefined) return false;
    return true;
  }

  /** Requests from `first` to the next page that is here or on its way, at most to the one that holds `end - 1`. */
  #fetch(first: number, end: number): Fetch {
    let last = first;
    while (
      (last + 1) * PAGE_BYTES < end &&
      !this.#flying.has(last + 1) &&
      this.#options.cache.get(last + 1) === undefined
    )
      last += 1;
    const stop = new AbortController();
    const fetch: Fetch = { pages: this.#run(first, last, stop.signal), waiting: 0, stop };
    this.#fetches.add(fetch);
    for (let page = first; page <= last; page += 1) this.#flying.set(page, fetch);
    fetch.pages.catch(ignore).finally(() => this.#forget(fetch));
    return fetch;
  }

  async #run(first: number, last: number, signal: AbortSignal): Promise<Map<number, Page>> {
    const { sizeBytes, cache, slots, bytes } = this.#options;
    const pages = new Map<number, Page>();
    const range = { start: first * PAGE_BYTES, end: Math.min((last + 1) * PAGE_BYTES, sizeBytes) };
    const assembler = new PageAssembler(first, range.end, (page, content) => {
      cache.set(page, content);
      pages.set(page, content);
    });
    using _slot = await slots.acquire(HOLDER, signal);
    for await (const chunk of bytes(range, signal)) assembler.push(chunk);
    return pages;
  }

  async #join(fetch: Fetch, signal: AbortSignal): Promise<Map<number, Page>> {
    fetch.waiting += 1;
    try {
      return await untilAborted(fetch.pages, signal);
    } finally {
      fetch.waiting -= 1;
      if (fetch.waiting === 0) {
        this.#forget(fetch);
        fetch.stop.abort(new DOMException('Nobody waits', 'AbortError'));
      }
    }
  }

  #forget(fetch: Fetch): void {
    this.#fetches.delete(fetch);
    for (const [page, flying] of this.#flying) if (flying === fetch) this.#flying.delete(page);
  }
}

function pageFrom(pages: ReadonlyMap<number, Page>, page: number): Page {
  const bytes = pages.get(page);
  if (bytes === undefined) throw new TypeError(`page ${page} was not fetched`);
  return bytes;
}

function copyPage({ page, bytes }: { page: number; bytes: Page }, range: ByteRange, out: Uint8Array): void {
  const pageStart = page * PAGE_BYTES;
  let at = Math.max(range.start, pageStart) - range.start;
  for (const piece of piecesFrom(bytes, Math.max(range.start - pageStart, 0))) {
    const part = piece.subarray(0, out.length - at);
    out.set(part, at);
    at += part.length;
  }
}
