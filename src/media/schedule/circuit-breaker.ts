// Stops retry loops: a rendition that failed several times in quick succession answers with its last error at once, for a while.
import { LRUCache } from 'lru-cache';
import { AppError } from '../../base/app-error.ts';

export interface CircuitBreakerOptions {
  /** Failures in a row that open the breaker. */
  limit: number;
  /** The longest time between two failures in a row. */
  quickMs: number;
  /** How long the breaker stays open after the last failure. */
  coolDownMs: number;
  now: () => number;
}

interface Failures {
  count: number;
  lastMs: number;
  error: Error;
}

export class CircuitBreaker {
  readonly #options: CircuitBreakerOptions;
  readonly #failures = new LRUCache<string, Failures>({ max: 1000 });

  constructor(options: CircuitBreakerOptions) {
    this.#options = options;
  }

  /** The last error while the breaker of the key is open; undefined when closed. After the cool-down one more failure opens it again. */
  errorOf(key: string): Error | undefined {
    const { limit, coolDownMs, now } = this.#options;
    const failures = this.#failures.get(key);
    return failures && failures.count >= limit && now() - failures.lastMs < coolDownMs ? failures.error : undefined;
  }

  /** Counts `times` failures of one error; returns whether the breaker opened. */
  failed(key: string, error: unknown, times = 1): boolean {
    const { limit, quickMs, now } = this.#options;
    const earlier = this.#failures.get(key);
    const count = earlier && now() - earlier.lastMs < quickMs ? earlier.count + times : times;
    const kept =
      error instanceof Error ? error : new AppError('INTERNAL', 'A segment could not be made', { cause: error });
    this.#failures.set(key, { count, lastMs: now(), error: kept });
    return count >= limit;
  }

  succeeded(key: string): void {
    this.#failures.delete(key);
  }
}
