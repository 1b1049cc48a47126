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

/** Two buffers of a pool: one that is being sent, and one that is filled meanwhile. To be disposed when neither is in use. */
export class BufferPair implements Disposable {
  readonly #pool: BufferPool;
  #current: Buffer;
  #spare: Buffer | undefined;

  constructor(pool: BufferPool) {
    this.#pool = pool;
    this.#current = pool.take();
  }

  get current(): Buffer {
    return this.#current;
  }

  /** Taken from the pool when it is first needed. */
  get spare(): Buffer {
    return (this.#spare ??= this.#pool.take());
  }

  swap(): void {
    [this.#current, this.#spare] = [this.spare, this.#current];
  }

  [Symbol.dispose](): void {
    this.#pool.release(this.#current);
    if (this.#spare) this.#pool.release(this.#spare);
  }
}
