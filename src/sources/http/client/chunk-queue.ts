// A queue of chunks between a connection that pushes and a reader that pulls.

/** Bytes that may be queued. */
const ROOM_BYTES = 256 * 1024;

export class ChunkQueue {
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;
  #changed = Promise.withResolvers<void>();
  #whenRoom: ((isMore: boolean) => void) | undefined;
  #outcome: { error?: unknown } | undefined;

  /** Adds a copy of the chunk. A promise: the queue is full until it resolves. */
  put(chunk: Uint8Array): boolean | Promise<boolean> {
    this.#chunks.push(Uint8Array.from(chunk));
    this.#bytes += chunk.length;
    this.#changed.resolve();
    if (this.#bytes < ROOM_BYTES) return true;
    return new Promise((resolve) => (this.#whenRoom = resolve));
  }

  /** Ends the queue, with an error if `outcome` has one. */
  end(outcome: { error?: unknown } = {}): void {
    this.#outcome = outcome;
    this.#changed.resolve();
  }

  /** The next chunk; undefined at the end. @throws the error that the queue ended with, after the last chunk */
  async next(): Promise<Uint8Array | undefined> {
    for (let chunk = this.#chunks.shift(); ; chunk = this.#chunks.shift()) {
      if (chunk !== undefined) return this.#taken(chunk);
      if (this.#outcome !== undefined && 'error' in this.#outcome) throw this.#outcome.error;
      if (this.#outcome !== undefined) return undefined;
      await this.#changed.promise;
      this.#changed = Promise.withResolvers();
    }
  }

  #taken(chunk: Uint8Array): Uint8Array {
    this.#bytes -= chunk.length;
    if (this.#bytes < ROOM_BYTES) {
      this.#whenRoom?.(true);
      this.#whenRoom = undefined;
    }
    return chunk;
  }
}
