// Stops restart loops: a rendition that failed several times in quick succession gives its error at once for a while.
import { LRUCache } from 'lru-cache';

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
  error: unknown;
}

export class FailureBrake {
  readonly #options: FailureBrakeOptions;
  readonly #failures = new LRUCache<string, Failures>({ max: 1000 });

  constructor(options: FailureBrakeOptions) {
    this.#options = options;
  }

  /** The last error while the key cools down. After that one more failure is enough to brake again. */
  errorOf(key: string): unknown {
    const { limit, coolDownMs, now } = this.#options;
    const failures = this.#failures.get(key);
    return failures && failures.count >= limit && now() - failures.lastMs < coolDownMs ? failures.error : undefined;
  }

  /** Counts a failure; whether it was one too many. */
  failed(key: string, error: unknown): boolean {
    const { limit, quickMs, now } = this.#options;
    const earlier = this.#failures.get(key);
    const count = earlier && now() - earlier.lastMs < quickMs ? earlier.count + 1 : 1;
    this.#failures.set(key, { count, lastMs: now(), error });
    return count >= limit;
  }

  succeeded(key: string): void {
    this.#failures.delete(key);
  }
}
