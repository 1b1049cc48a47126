// Waiters for requested pages: each borrows its bytes at the moment the page arrives.
import type { Borrowed } from './page-cache.ts';
import { pageOf } from './page-cache.ts';

interface Waiter {
  at: number;
  resolve: (borrowed: Borrowed) => void;
  reject: (reason: unknown) => void;
}

export class PageWaiters {
  readonly #byPage = new Map<number, Set<Waiter>>();

  /** Waits for the bytes from `at` on; the caller disposes them. Rejects with the signal's reason, or that of `fail`. */
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

  /** Resolves the waiters of a page that arrived. */
  deliver(page: number, borrow: (at: number) => Borrowed): void {
    const waiters = this.#byPage.get(page);
    this.#byPage.delete(page);
    for (const { at, resolve } of waiters ?? []) resolve(borrow(at));
  }

  /** Rejects all waiters. */
  fail(reason: unknown): void {
    for (const waiters of this.#byPage.values()) for (const { reject } of waiters) reject(reason);
    this.#byPage.clear();
  }
}
