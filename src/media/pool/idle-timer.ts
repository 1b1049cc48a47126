// Tells when nothing has been at work for a time.

export class IdleTimer implements Disposable {
  readonly #idleMs: number;
  readonly #onIdle: () => void;
  #atWork = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param onIdle called once after each time of work */
  constructor(idleMs: number, onIdle: () => void) {
    this.#idleMs = idleMs;
    this.#onIdle = onIdle;
  }

  /** Until the result is disposed. */
  work(): Disposable {
    this.#atWork += 1;
    clearTimeout(this.#timer);
    return { [Symbol.dispose]: () => this.#rest() };
  }

  [Symbol.dispose](): void {
    this.#atWork = Infinity;
    clearTimeout(this.#timer);
  }

  #rest(): void {
    this.#atWork -= 1;
    if (this.#atWork === 0) this.#timer = setTimeout(this.#onIdle, this.#idleMs).unref();
  }
}
