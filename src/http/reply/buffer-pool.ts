// Buffers for reading files into the network: lent, written out, given back. Each is on the wire until its write is done.

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

  giveBack(buffer: Buffer): void {
    if (this.#idle.length < this.#keep) this.#idle.push(buffer);
  }
}
