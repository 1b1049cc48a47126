// What a worker asks the server, in messages.

export class Questions {
  readonly #pending = new Map<number, (answer: number) => void>();
  #lastId = 0;

  /** Resolves with the answer. There is one to each, as long as there is a server: without it the process ends. */
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
