// A notifier that wakes all waiters, and the handler for errors that are reported elsewhere.
import { untilAborted } from '../../../base/until-aborted.ts';

/** Wakes all current waiters; a later waiter waits for the next notification. */
export class Notifier {
  #next = Promise.withResolvers<void>();

  notify(): void {
    const now = this.#next;
    this.#next = Promise.withResolvers<void>();
    now.resolve();
  }

  /** Resolves at the next `notify`; rejects with the signal's reason. */
  wait(signal: AbortSignal): Promise<void> {
    return untilAborted(this.#next.promise, signal);
  }
}

export function ignore(): void {}
