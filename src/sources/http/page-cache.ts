// Downloaded bytes in pages, least recently used first out. A page is whole (the last one of a file may be shorter).
import { LRUCache } from 'lru-cache';

/** Small, so that a read costs little more than it asks for; large enough to make the bookkeeping cheap. */
export const PAGE_BYTES = 32 * 1024;

export class PageCache {
  readonly #pages: LRUCache<number, Uint8Array>;

  constructor(maxBytes: number) {
    this.#pages = new LRUCache({ max: Math.max(1, Math.floor(maxBytes / PAGE_BYTES)) });
  }

  get(page: number): Uint8Array | undefined {
    return this.#pages.get(page);
  }

  set(page: number, bytes: Uint8Array): void {
    this.#pages.set(page, bytes);
  }

  clear(): void {
    this.#pages.clear();
  }
}

export function pageOf(byte: number): number {
  return Math.floor(byte / PAGE_BYTES);
}

/** Collects chunks of any size into pages, starting at the start of a page. */
export class PageAssembler {
  readonly #sizeBytes: number;
  readonly #emit: (page: number, bytes: Uint8Array) => void;
  #at: number;
  #page = Buffer.alloc(0);

  constructor(startPage: number, sizeBytes: number, emit: (page: number, bytes: Uint8Array) => void) {
    this.#at = startPage * PAGE_BYTES;
    this.#sizeBytes = sizeBytes;
    this.#emit = emit;
  }

  /** The next byte wanted. */
  get position(): number {
    return this.#at;
  }

  push(chunk: Uint8Array): void {
    let rest = chunk;
    while (rest.length > 0) {
      const offset = this.#at % PAGE_BYTES;
      if (offset === 0) this.#page = Buffer.allocUnsafeSlow(Math.min(PAGE_BYTES, this.#sizeBytes - this.#at));
      const part = rest.subarray(0, this.#page.length - offset);
      this.#page.set(part, offset);
      this.#at += part.length;
      rest = rest.subarray(part.length);
      if (offset + part.length === this.#page.length) this.#emit(pageOf(this.#at - 1), this.#page);
    }
  }
}
