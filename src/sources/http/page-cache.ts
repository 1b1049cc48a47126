// Downloaded bytes in pages, least recently used first out. A page is whole (the last one of a file may be shorter).
import { LRUCache } from 'lru-cache';

/** Small, so that a read costs little more than it asks for; large enough to make the bookkeeping cheap. */
export const PAGE_BYTES = 32 * 1024;

/** The bytes of a page in pieces, as they came from the network: a copy of all that is downloaded would cost more than anything else. */
export type Page = readonly Uint8Array[];

export class PageCache {
  readonly #pages: LRUCache<number, Page>;

  constructor(maxBytes: number) {
    this.#pages = new LRUCache({ max: Math.max(1, Math.floor(maxBytes / PAGE_BYTES)) });
  }

  get(page: number): Page | undefined {
    return this.#pages.get(page);
  }

  /** The bytes from `start` on, as far as they lie side by side in memory, up to `maxBytes` or a little more; undefined when they are not here. */
  run(start: number, maxBytes: number): Uint8Array | undefined {
    let run: Uint8Array | undefined;
    for (const piece of this.#pieces(start)) {
      const longer = run === undefined ? piece : joined(run, piece);
      if (longer === undefined) break;
      run = longer;
      if (run.length >= maxBytes) break;
    }
    return run;
  }

  set(page: number, bytes: Page): void {
    this.#pages.set(page, bytes);
  }

  clear(): void {
    this.#pages.clear();
  }

  *#pieces(start: number): Generator<Uint8Array> {
    for (let number = pageOf(start); ; number += 1) {
      const page = this.#pages.get(number);
      if (page === undefined) return;
      yield* piecesFrom(page, Math.max(0, start - number * PAGE_BYTES));
    }
  }
}

export function pageOf(byte: number): number {
  return Math.floor(byte / PAGE_BYTES);
}

/** What there is of a page from its byte `offset` on. */
export function* piecesFrom(page: Page, offset: number): Generator<Uint8Array> {
  let skip = offset;
  for (const piece of page) {
    if (skip < piece.length) yield piece.subarray(skip);
    skip = Math.max(0, skip - piece.length);
  }
}

/** Both as one, when the second lies right behind the first. */
function joined(first: Uint8Array, second: Uint8Array): Uint8Array | undefined {
  const areNeighbours = first.buffer === second.buffer && first.byteOffset + first.length === second.byteOffset;
  return areNeighbours ? new Uint8Array(first.buffer, first.byteOffset, first.length + second.length) : undefined;
}

/** Chunks are kept as they are when they are large and most of the buffer that they keep alive; others are copied together. */
const WORTH_KEEPING = { bytes: 8 * 1024, shareOfBuffer: 2 / 3 } as const;

function isWorthKeeping({ length, buffer }: Uint8Array): boolean {
  return length >= WORTH_KEEPING.bytes && length >= buffer.byteLength * WORTH_KEEPING.shareOfBuffer;
}

/** Cuts chunks of any size into pages, from the start of a page to `endByte`, which is the end of a page or of the file. */
export class PageAssembler {
  readonly #endByte: number;
  readonly #emit: (page: number, bytes: Page) => void;
  #at: number;
  #pieces: Uint8Array[] = [];
  #gathering = new Uint8Array(0);
  #gatheredBytes = 0;

  constructor(startPage: number, endByte: number, emit: (page: number, bytes: Page) => void) {
    this.#at = startPage * PAGE_BYTES;
    this.#endByte = endByte;
    this.#emit = emit;
  }

  /** The next byte wanted. */
  get position(): number {
    return this.#at;
  }

  /** The chunk is kept: it must not change any more. */
  push(chunk: Uint8Array): void {
    let rest = isWorthKeeping(chunk) ? chunk : this.#gathered(chunk);
    while (rest.length > 0) {
      const page = pageOf(this.#at);
      const pageEnd = Math.min((page + 1) * PAGE_BYTES, this.#endByte);
      const piece = rest.subarray(0, pageEnd - this.#at);
      this.#add(piece);
      this.#at += piece.length;
      rest = rest.subarray(piece.length);
      if (this.#at < pageEnd) continue;
      this.#emit(page, this.#pieces);
      this.#pieces = [];
    }
  }

  #add(piece: Uint8Array): void {
    const last = this.#pieces.pop();
    const both = last && joined(last, piece);
    if (both) this.#pieces.push(both);
    else this.#pieces.push(...(last ? [last] : []), piece);
  }

  #gathered(chunk: Uint8Array): Uint8Array {
    if (this.#gatheredBytes + chunk.length > this.#gathering.length) {
      this.#gathering = Buffer.allocUnsafeSlow(Math.max(PAGE_BYTES, chunk.length));
      this.#gatheredBytes = 0;
    }
    const copy = this.#gathering.subarray(this.#gatheredBytes, this.#gatheredBytes + chunk.length);
    copy.set(chunk);
    this.#gatheredBytes += chunk.length;
    return copy;
  }
}
