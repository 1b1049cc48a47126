// Queries that a worker sends to the server as messages.

export class Questions {
  readonly #pending = new Map<number, (answer: number) => void>();
  #lastId = 0;

  /** Resolves with the answer. Every query is answered while the server lives; the process ends with the server. */
  ask(send: (id: number) => void): Promise<number> {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve) => {
      this.#pending.set(id, resolve);
      send(id);
    });
  }

  answer(id: number, value: number): void {
    this.#pending.get(id)?.(value);
    this.#pending.delete(id);
  }
}
