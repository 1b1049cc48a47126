// Long work of a session that needs its item open: while any is under way, an idle session keeps its item.

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

  /** Counts from the first item that is asked for to the last. */
  async *duringAll<T>(items: AsyncIterable<T>): AsyncGenerator<T> {
    this.#count += 1;
    try {
      yield* items;
    } finally {
      this.#count -= 1;
    }
  }
}
