// The same work once: callers that ask for a key while it is being made share one promise.

export class SingleFlight<T> {
  readonly #flights = new Map<string, Promise<T>>();

  /** Runs `make` unless the key is in flight already; a failure is shared too and then forgotten. */
  run(key: string, make: () => Promise<T>): Promise<T> {
    const flying = this.#flights.get(key);
    if (flying) return flying;
    const flight = make().finally(() => this.#flights.delete(key));
    this.#flights.set(key, flight);
    return flight;
  }

  has(key: string): boolean {
    return this.#flights.has(key);
  }
}
