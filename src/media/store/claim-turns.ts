// A lock by segment name: one caller at a time makes a segment, the others wait for their turn.
import { untilAborted } from '../../base/until-aborted.ts';

export class ClaimTurns {
  readonly #held = new Map<string, Promise<void>>();

  /**
   * Resolves when no other caller holds the name. The turn ends when the result is disposed, or when the signal aborts: a cancelled caller may
   * need long to stop its work.
   * @throws the signal's reason
   */
  async take(name: string, signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted();
    for (let held = this.#held.get(name); held !== undefined; held = this.#held.get(name))
      await untilAborted(held, signal);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held.set(name, promise);
    const end = (): void => {
      signal.removeEventListener('abort', end);
      if (this.#held.get(name) === promise) this.#held.delete(name);
      resolve();
    };
    signal.addEventListener('abort', end, { once: true });
    return { [Symbol.dispose]: end };
  }
}
