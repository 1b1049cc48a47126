// Memory for downloaded bytes, used again and again: new memory for each chunk costs more than all else that is done with it.

/** A piece of memory, and of a file: one holds the bytes of the other. */
export const BLOCK_BYTES = 256 * 1024;

/** Kept for the next who needs some: a few seconds of a film. */
const MOST_FREE = 64;
/** As long as nobody needs any for this long. */
const IDLE_MS = 30_000;

export class BlockMemory {
  readonly #free: Uint8Array[] = [];
  #idle: NodeJS.Timeout | undefined;

  /** `BLOCK_BYTES` with any content. */
  take(): Uint8Array {
    this.#idle?.refresh();
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
  }

  /** Only by whoever took it, when nothing reads or writes it any more. */
  give(memory: Uint8Array): void {
    if (this.#free.length >= MOST_FREE) return;
    this.#free.push(memory);
    this.#idle ??= setTimeout(() => this.#clear(), IDLE_MS).unref();
  }

  #clear(): void {
    this.#idle = undefined;
    this.#free.length = 0;
  }
}
