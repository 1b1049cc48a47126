// Runs the same work once: callers that request a key while it is in flight share one promise.

export class SingleFlight<T> {
  readonly #flights = new Map<string, Promise<T>>();

  /** Runs `make` unless the key is in flight; a failure is shared as well, and not kept. */
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
