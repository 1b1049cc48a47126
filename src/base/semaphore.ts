// A counting semaphore: a limited number of permits; callers that get none wait in a FIFO queue.
import { untilAborted } from './until-aborted.ts';

export class Semaphore {
  #permits: number;
  #held = 0;
  readonly #line: PromiseWithResolvers<void>[] = [];

  constructor(permits: number) {
    this.#permits = permits;
  }

  /** Number of waiting callers. */
  get waiting(): number {
    return this.#line.length;
  }

  get permits(): number {
    return this.#permits;
  }

  /** If more permits are held than allowed, no more are granted until enough were released. */
  set permits(permits: number) {
    this.#permits = permits;
    this.#grant();
  }

  /** A permit, released by its disposal; undefined when none is free. Never overtakes waiting callers. */
  tryAcquire(): Disposable | undefined {
    if (this.#held >= this.#permits || this.#line.length > 0) return undefined;
    this.#held += 1;
    return this.#permit();
  }

  /** A permit, released by its disposal. @throws the signal's reason */
  async acquire(signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted();
    const free = this.tryAcquire();
    if (free !== undefined) return free;
    const turn = Promise.withResolvers<void>();
    this.#line.push(turn);
    try {
      await untilAborted(turn.promise, signal);
    } catch (error) {
      const place = this.#line.indexOf(turn);
      if (place >= 0) this.#line.splice(place, 1);
      // The permit was granted at the moment of the abort: it goes to the next caller.
      else this.#release();
      throw error;
    }
    return this.#permit();
  }

  #permit(): Disposable {
    let isHeld = true;
    return {
      [Symbol.dispose]: () => {
        if (isHeld) this.#release();
        isHeld = false;
      },
    };
  }

  #release(): void {
    this.#held -= 1;
    this.#grant();
  }

  #grant(): void {
    while (this.#held < this.#permits) {
      const next = this.#line.shift();
      if (next === undefined) return;
      this.#held += 1;
      next.resolve();
    }
  }
}
