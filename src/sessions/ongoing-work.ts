// Counts the long operations of a session that need its item open: while one is under way, an idle session keeps its item.

export class OngoingWork {
  #count = 0;

  get isUnderWay(): boolean {
    return this.#count > 0;
  }

  async during<T>(work: () => Promise<T>): Promise<T> {
    this.#count += 1;
    try {
      return await work();
    } finally {
      this.#count -= 1;
    }
  }

  /** Counts as one operation from the request for the first item to the end of the iteration. */
  async *duringAll<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
    this.#count += 1;
    try {
      yield* items;
    } finally {
      this.#count -= 1;
    }
  }
}
