// Chunks between a connection that gives them and a reader that asks for them.

/** What may have come and was not asked for yet. */
const ROOM_BYTES = 256 * 1024;

export class ChunkQueue {
  readonly #chunks: Uint8Array[] = [];
  #bytes = 0;
  #changed = Promise.withResolvers<void>();
  #whenRoom: ((isMore: boolean) => void) | undefined;
  #outcome: { error?: unknown } | undefined;

  /** Keeps a copy. A promise: there is no room for more until then. */
  put(chunk: Uint8Array): boolean | Promise<boolean> {
    this.#chunks.push(Uint8Array.from(chunk));
    this.#bytes += chunk.length;
    this.#changed.resolve();
    if (this.#bytes < ROOM_BYTES) return true;
    return new Promise((resolve) => (this.#whenRoom = resolve));
  }

  /** There is no more to come, because of an error if there is one. */
  end(outcome: { error?: unknown } = {}): void {
    this.#outcome = outcome;
    this.#changed.resolve();
  }

  /** Undefined at the end. @throws the error that it ended with, after the last chunk before it */
  async next(): Promise<Uint8Array | undefined> {
    for (let chunk = this.#chunks.shift(); ; chunk = this.#chunks.shift()) {
      if (chunk !== undefined) return this.#given(chunk);
      if (this.#outcome !== undefined && 'error' in this.#outcome) throw this.#outcome.error;
      if (this.#outcome !== undefined) return undefined;
      await this.#changed.promise;
      this.#changed = Promise.withResolvers();
    }
  }

  #given(chunk: Uint8Array): Uint8Array {
    this.#bytes -= chunk.length;
    if (this.#bytes < ROOM_BYTES) {
      this.#whenRoom?.(true);
      this.#whenRoom = undefined;
    }
    return chunk;
  }
}
