// A cache of downloaded pages with least-recently-used eviction. A page is complete (the last one of a file may be shorter). Pages lie in blocks of
// memory, side by side as in the file; the memory of a dropped block is reused as soon as it has no borrowers and writers.
import { BLOCK_BYTES, type BlockMemory } from './block-memory.ts';

/** Small, so that a read downloads little more than it needs; large enough to keep the bookkeeping cheap. */
export const PAGE_BYTES = 32 * 1024;

const PAGES_PER_BLOCK = BLOCK_BYTES / PAGE_BYTES;

/** The least number of blocks, so that concurrent downloads, reads and streams do not evict each other's bytes. */
const FEWEST_BLOCKS = 16;

interface Block {
  memory: Uint8Array;
  /** One bit for each complete page. */
  present: number;
  /** Number of borrowers and writers. */
  holds: number;
  isDropped: boolean;
}

/** Bytes of the cache, valid until disposed. Not to be written to. */
export interface Borrowed extends Disposable {
  bytes: Uint8Array;
}

export class PageCache {
  readonly #sizeBytes: number;
  readonly #maxBlocks: number;
  readonly #memory: BlockMemory;
  /** By block number in the file, the least recently used first. */
  readonly #blocks = new Map<number, Block>();

  constructor(options: { sizeBytes: number; maxBytes: number; memory: BlockMemory }) {
    this.#sizeBytes = options.sizeBytes;
    this.#maxBlocks = Math.max(FEWEST_BLOCKS, Math.floor(options.maxBytes / BLOCK_BYTES));
    this.#memory = options.memory;
  }

  has(page: number): boolean {
    const block = this.#blocks.get(blockOf(page));
    return block !== undefined && isPresent(block, page);
  }

  /** The buffered bytes from `start` on within one block; undefined when the first byte is not buffered. */
  borrow(start: number): Borrowed | undefined {
    const page = pageOf(start);
    const block = this.#touched(blockOf(page));
    if (block === undefined || !isPresent(block, page)) return undefined;
    const blockStart = blockOf(page) * BLOCK_BYTES;
    const end = Math.min(pagesEnd(block, page) * PAGE_BYTES, this.#sizeBytes);
    block.holds += 1;
    return {
      bytes: block.memory.subarray(start - blockStart, end - blockStart),
      [Symbol.dispose]: () => this.#release(block),
    };
  }

  /** The same for bytes that are known to be buffered. */
  borrowed(start: number): Borrowed {
    const borrowed = this.borrow(start);
    if (borrowed === undefined) throw new TypeError(`byte ${start} is not buffered`);
    return borrowed;
  }

  /** The end of the buffered bytes from `start` on without a gap; `start` when the first byte is not buffered. */
  bufferedUntil(start: number): number {
    let page = pageOf(start);
    while (this.has(page)) page = this.#nextGap(page);
    return Math.max(start, Math.min(page * PAGE_BYTES, this.#sizeBytes));
  }

  /** A writer from the start of a page to `endByte`, which is the end of a page or of the file. */
  writer(startPage: number, endByte: number, whole: (page: number) => void): PageWriter {
    return new PageWriter({ startPage, endByte, whole, open: (number) => this.#open(number) });
  }

  clear(): void {
    for (const number of this.#blocks.keys()) this.#drop(number);
  }

  /** The first page after the buffered `page` that may be missing. */
  #nextGap(page: number): number {
    const block = this.#blocks.get(blockOf(page));
    return block ? pagesEnd(block, page) : page;
  }

  #open(number: number): OpenBlock {
    const block = this.#touched(number) ?? this.#added(number);
    block.holds += 1;
    return {
      memory: block.memory,
      markWhole: (page) => (block.present |= bitOf(page)),
      [Symbol.dispose]: () => this.#release(block),
    };
  }

  #touched(number: number): Block | undefined {
    const block = this.#blocks.get(number);
    if (block === undefined) return undefined;
    this.#blocks.delete(number);
    this.#blocks.set(number, block);
    return block;
  }

  #added(number: number): Block {
    for (const [oldest, { holds }] of this.#blocks) {
      if (this.#blocks.size < this.#maxBlocks) break;
      if (holds === 0) this.#drop(oldest);
    }
    const block = { memory: this.#memory.take(), present: 0, holds: 0, isDropped: false };
    this.#blocks.set(number, block);
    return block;
  }

  #drop(number: number): void {
    const block = this.#blocks.get(number);
    if (block === undefined) return;
    this.#blocks.delete(number);
    block.isDropped = true;
    if (block.holds === 0) this.#memory.release(block.memory);
  }

  #release(block: Block): void {
    block.holds -= 1;
    if (block.isDropped && block.holds === 0) this.#memory.release(block.memory);
  }
}

interface OpenBlock extends Disposable {
  memory: Uint8Array;
  markWhole(page: number): void;
}

interface WriterOptions {
  startPage: number;
  endByte: number;
  whole: (page: number) => void;
  open: (block: number) => OpenBlock;
}

/** Writes consecutive chunks of any size into pages. Holds the block that it writes to, so it has to be disposed. */
export class PageWriter implements Disposable {
  readonly #options: WriterOptions;
  #at: number;
  #block: OpenBlock | undefined;

  constructor(options: WriterOptions) {
    this.#options = options;
    this.#at = options.startPage * PAGE_BYTES;
  }

  /** Offset of the next byte to write. */
  get position(): number {
    return this.#at;
  }

  /** Copies the chunk up to the end byte; calls `whole` for each page that it completes. */
  push(chunk: Uint8Array): void {
    let rest = chunk.subarray(0, this.#options.endByte - this.#at);
    while (rest.length > 0) {
      const page = pageOf(this.#at);
      const pageEnd = Math.min((page + 1) * PAGE_BYTES, this.#options.endByte);
      const part = rest.subarray(0, pageEnd - this.#at);
      this.#block ??= this.#options.open(blockOf(page));
      this.#block.memory.set(part, this.#at % BLOCK_BYTES);
      this.#at += part.length;
      rest = rest.subarray(part.length);
      if (this.#at === pageEnd) this.#complete(page, this.#block);
    }
  }

  [Symbol.dispose](): void {
    this.#block?.[Symbol.dispose]();
    this.#block = undefined;
  }

  #complete(page: number, block: OpenBlock): void {
    block.markWhole(page);
    this.#options.whole(page);
    if (blockOf(page + 1) !== blockOf(page)) this[Symbol.dispose]();
  }
}

export function pageOf(byte: number): number {
  return Math.floor(byte / PAGE_BYTES);
}

function blockOf(page: number): number {
  return Math.floor(page / PAGES_PER_BLOCK);
}

function bitOf(page: number): number {
  return 1 << (page % PAGES_PER_BLOCK);
}

function isPresent(block: Block, page: number): boolean {
  return (block.present & bitOf(page)) !== 0;
}

/** The end of the run of buffered pages from `page` on, within its block. */
function pagesEnd(block: Block, page: number): number {
  let end = page + 1;
  while (end % PAGES_PER_BLOCK !== 0 && isPresent(block, end)) end += 1;
  return end;
}
