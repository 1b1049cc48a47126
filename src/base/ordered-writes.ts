// Writes to a store that may be slow or fail: in the background, for each key one at a time and in order.

export class OrderedWrites {
  readonly #onFailure: (error: unknown) => void;
  readonly #running = new Map<string, Promise<void>>();
  /** The latest write of a key that waits for the one before. */
  readonly #next = new Map<string, () => Promise<void>>();

  constructor(onFailure: (error: unknown) => void) {
    this.#onFailure = onFailure;
  }

  /** Begins at once, or after the running write of the key; a write that has not begun is replaced by a later one. */
  add(key: string, write: () => Promise<void>): void {
    if (this.#running.has(key)) return void this.#next.set(key, write);
    // Noted before the write begins: one that throws at once ends at once.
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#running.set(key, promise);
    void this.#run(key, write).then(resolve);
  }

  /** Resolves when all writes are done. Never rejects. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values());
  }

  async #run(key: string, first: () => Promise<void>): Promise<void> {
    for (let write: (() => Promise<void>) | undefined = first; write !== undefined; write = this.#takeNext(key)) {
      try {
        await write();
      } catch (error) {
        this.#onFailure(error);
      }
    }
    this.#running.delete(key);
  }

  #takeNext(key: string): (() => Promise<void>) | undefined {
    const next = this.#next.get(key);
    this.#next.delete(key);
    return next;
  }
}
