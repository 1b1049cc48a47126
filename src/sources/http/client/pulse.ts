// A pulse that wakes everyone who waits, and the handler for failures that others report.
import { untilAborted } from '../../../base/until-aborted.ts';

/** Wakes all who wait at the moment it fires; keeps nothing. */
export class Pulse {
  #next = Promise.withResolvers<void>();

  fire(): void {
    const now = this.#next;
    this.#next = Promise.withResolvers<void>();
    now.resolve();
  }

  /** Resolves at the next `fire`; rejects with the signal's reason. */
  wait(signal: AbortSignal): Promise<void> {
    return untilAborted(this.#next.promise, signal);
  }
}

export function ignore(): void {}
