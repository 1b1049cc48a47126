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

  /** The page, and those after it that lie next to it in memory, up to `maxBytes`; undefined when the page is not here. */
  run(page: number, maxBytes: number): Uint8Array | undefined {
    const first = this.#pages.get(page);
    if (first === undefined) return undefined;
    let { length } = first;
    for (let next = page + 1; length + PAGE_BYTES <= maxBytes; next += 1) {
      const bytes = this.#pages.get(next);
      if (bytes?.buffer !== first.buffer || bytes.byteOffset !== first.byteOffset + length) break;
      length += bytes.length;
    }
    return length === first.length ? first : new Uint8Array(first.buffer, first.byteOffset, length);
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

/** Pages that come one after the other share memory, so that they can be passed on together: a few, as each keeps all of it. */
const SLAB_BYTES = 4 * PAGE_BYTES;

/** Collects chunks of any size into pages, from the start of a page to `endByte`, which is the end of a page or of the file. */
export class PageAssembler {
  readonly #endByte: number;
  readonly #emit: (page: number, bytes: Uint8Array) => void;
  #at: number;
  #slab = new Uint8Array(0);
  #slabStart: number;

  constructor(startPage: number, endByte: number, emit: (page: number, bytes: Uint8Array) => void) {
    this.#at = startPage * PAGE_BYTES;
    this.#slabStart = this.#at;
    this.#endByte = endByte;
    this.#emit = emit;
  }

  /** The next byte wanted. */
  get position(): number {
    return this.#at;
  }

  push(chunk: Uint8Array): void {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#at === this.#slabStart + this.#slab.length) this.#nextSlab();
      const offset = this.#at - this.#slabStart;
      const part = rest.subarray(0, this.#slab.length - offset);
      this.#slab.set(part, offset);
      this.#at += part.length;
      rest = rest.subarray(part.length);
      this.#emitFrom(offset - (offset % PAGE_BYTES));
    }
  }

  #nextSlab(): void {
    this.#slabStart = this.#at;
    this.#slab = Buffer.allocUnsafeSlow(Math.min(SLAB_BYTES, this.#endByte - this.#at));
  }

  /** Every page that is whole, from that place in the slab on. */
  #emitFrom(from: number): void {
    const filled = this.#at - this.#slabStart;
    for (let start = from; start < filled; start += PAGE_BYTES) {
      const end = Math.min(start + PAGE_BYTES, this.#slab.length);
      if (end > filled) return;
      this.#emit(pageOf(this.#slabStart + start), this.#slab.subarray(start, end));
    }
  }
}
