// A pool of memory for downloaded bytes: allocating memory for each chunk costs more than all other work on it.

/** Size of a block of memory, and of the block of a file that it holds. */
export const BLOCK_BYTES = 256 * 1024;

/** Free blocks that are kept: a few seconds of a video. */
const MOST_FREE = 64;
/** Free blocks are dropped when none was needed for this long. */
const IDLE_MS = 30_000;

export class BlockMemory {
  readonly #free: Uint8Array[] = [];
  #idle: NodeJS.Timeout | undefined;

  /** Returns a block of `BLOCK_BYTES` with any content. */
  take(): Uint8Array {
    this.#idle?.refresh();
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
  }

  /** Returns a block to the pool; to be called by its owner, when nothing reads or writes it any more. */
  release(memory: Uint8Array): void {
    if (this.#free.length >= MOST_FREE) return;
    this.#free.push(memory);
    this.#idle ??= setTimeout(() => this.#clear(), IDLE_MS).unref();
  }

  #clear(): void {
    this.#idle = undefined;
    this.#free.length = 0;
  }
}
