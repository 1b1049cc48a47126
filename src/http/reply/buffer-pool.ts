// A pool of buffers for sending files. A buffer is in use until its write has finished.

const POOLED_BUFFER_BYTES = 256 * 1024;

export class BufferPool {
  readonly #idle: Buffer[] = [];
  readonly #keep: number;

  /** @param keep how many idle buffers are kept; more are made when they are needed */
  constructor(keep = 32) {
    this.#keep = keep;
  }

  take(): Buffer {
    return this.#idle.pop() ?? Buffer.allocUnsafeSlow(POOLED_BUFFER_BYTES);
  }

  release(buffer: Buffer): void {
    if (this.#idle.length < this.#keep) this.#idle.push(buffer);
  }
}
