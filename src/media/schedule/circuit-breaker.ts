// Stops restart loops: a rendition that failed several times in quick succession gives its error at once for a while.
import { LRUCache } from 'lru-cache';
import { AppError } from '../../base/app-error.ts';

export interface FailureBrakeOptions {
  /** Failures in a row. */
  limit: number;
  /** Failures further apart than this are not "in a row". */
  quickMs: number;
  coolDownMs: number;
  now: () => number;
}

interface Failures {
  count: number;
  lastMs: number;
  error: Error;
}

export class CircuitBreaker {
  readonly #options: FailureBrakeOptions;
  readonly #failures = new LRUCache<string, Failures>({ max: 1000 });

  constructor(options: FailureBrakeOptions) {
    this.#options = options;
  }

  /** The last error while the key cools down. After that one more failure is enough to brake again. */
  errorOf(key: string): Error | undefined {
    const { limit, coolDownMs, now } = this.#options;
    const failures = this.#failures.get(key);
    return failures && failures.count >= limit && now() - failures.lastMs < coolDownMs ? failures.error : undefined;
  }

  /** Counts a failure (or several, of one error); whether it was one too many. */
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
