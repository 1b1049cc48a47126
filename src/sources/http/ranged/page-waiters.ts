// Who waits for bytes that are on their way: each gets them in hand at the moment they are there.
import type { Borrowed } from './page-cache.ts';
import { pageOf } from './page-cache.ts';

interface Waiter {
  at: number;
  resolve: (borrowed: Borrowed) => void;
  reject: (reason: unknown) => void;
}

export class PageWaiters {
  readonly #byPage = new Map<number, Set<Waiter>>();

  /** The bytes from `at` on, once they are here; the caller's to dispose. Rejects with the signal's reason, or that of `fail`. */
  wait(at: number, signal: AbortSignal): Promise<Borrowed> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const page = pageOf(at);
      const waiters = this.#byPage.get(page) ?? new Set();
      this.#byPage.set(page, waiters);
      const leave = (): void => {
        waiters.delete(waiter);
        reject(signal.reason);
      };
      const settled =
        <T>(settle: (value: T) => void) =>
        (value: T): void => {
          signal.removeEventListener('abort', leave);
          settle(value);
        };
      const waiter = { at, resolve: settled(resolve), reject: settled(reject) };
      waiters.add(waiter);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  /** The page is here. */
  deliver(page: number, borrow: (at: number) => Borrowed): void {
    const waiters = this.#byPage.get(page);
    this.#byPage.delete(page);
    for (const { at, resolve } of waiters ?? []) resolve(borrow(at));
  }

  /** Nothing more will come. */
  fail(reason: unknown): void {
    for (const waiters of this.#byPage.values()) for (const { reject } of waiters) reject(reason);
    this.#byPage.clear();
  }
}
