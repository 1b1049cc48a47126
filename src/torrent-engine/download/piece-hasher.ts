// Hashes pieces while their blocks arrive, so that the last block does not have to wait for the hash of the whole piece.
import { createHash, type Hash } from 'node:crypto';
import type { PieceTable } from './piece-table.ts';

/** Blocks hashed in one turn of the event loop: 2 MiB, some 3 ms. */
const BLOCKS_PER_STEP = 128;

interface Running {
  hash: Hash;
  /** The next block to be hashed. */
  next: number;
}

export interface PieceHasherOptions {
  table: PieceTable;
  /** SHA-1 of each piece, hex. */
  hashes: readonly string[];
  /** Reads a block from the disk. */
  readBlock: (block: number) => Uint8Array;
  /** Called once for each piece whose blocks are all on the disk. */
  onDone: (piece: number, isGood: boolean) => void;
}

export class PieceHasher {
  readonly #options: PieceHasherOptions;
  readonly #running = new Map<number, Running>();
  #queue: number[] = [];
  #isStepping = false;

  constructor(options: PieceHasherOptions) {
    this.#options = options;
  }

  /** Takes a block that was just written. If it is the next one of its piece, it is hashed from memory and not read back. */
  add(block: number, bytes: Uint8Array): void {
    const { table } = this.#options;
    const piece = table.layout.pieceOf(block);
    const { start } = table.layout.blocksOf(piece);
    let running = this.#running.get(piece);
    if (!running && block === start) this.#running.set(piece, (running = { hash: createHash('sha1'), next: start }));
    if (running && running.next === block) {
      running.hash.update(bytes);
      running.next += 1;
    }
  }

  /** Hashes the rest of a piece whose blocks are all on the disk, in small steps; `first`: before the others in the queue. */
  check(piece: number, first = false): void {
    if (first) this.#queue = [piece, ...this.#queue.filter((each) => each !== piece)];
    else if (!this.#queue.includes(piece)) this.#queue.push(piece);
    if (!this.#isStepping) this.#step();
  }

  /** Number of pieces in the queue. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Drops the hash of a piece that lost blocks. */
  forget(piece: number): void {
    this.#running.delete(piece);
    this.#queue = this.#queue.filter((each) => each !== piece);
  }

  #step(): void {
    this.#isStepping = true;
    let budget = BLOCKS_PER_STEP;
    while (budget > 0) {
      const [piece] = this.#queue;
      if (piece === undefined) break;
      budget -= this.#advance(piece, budget);
    }
    this.#isStepping = this.#queue.length > 0;
    if (this.#isStepping) setImmediate(() => this.#step());
  }

  /** Returns the number of blocks hashed. */
  #advance(piece: number, budget: number): number {
    const { table, hashes, readBlock, onDone } = this.#options;
    const { start, end } = table.layout.blocksOf(piece);
    const running = this.#running.get(piece) ?? { hash: createHash('sha1'), next: start };
    this.#running.set(piece, running);
    const stop = Math.min(end, running.next + budget);
    const steps = stop - running.next;
    for (; running.next < stop; running.next += 1) running.hash.update(readBlock(running.next));
    if (running.next < end) return steps;
    this.forget(piece);
    onDone(piece, running.hash.digest('hex') === hashes[piece]);
    return steps + 1;
  }
}
