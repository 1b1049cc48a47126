// How often somebody may do something: so many at once, then so many a second.
import { LRUCache } from 'lru-cache';

export interface RateLimitOptions {
  /** How many at once. */
  burst: number;
  perSecond: number;
  /** Monotonic clock, milliseconds. */
  now(): number;
}

interface Bucket {
  left: number;
  filledAtMs: number;
}

/** An attacker with many addresses forgets his own oldest ones first. */
const MAX_KEYS = 10_000;

export class RateLimit {
  readonly #options: RateLimitOptions;
  readonly #buckets = new LRUCache<string, Bucket>({ max: MAX_KEYS });

  constructor(options: RateLimitOptions) {
    this.#options = options;
  }

  /** Takes one. 0: it was there; otherwise the seconds until there is one again. */
  take(key: string): number {
    const waitSeconds = this.waitSeconds(key);
    if (waitSeconds === 0) this.#bucket(key).left -= 1;
    return waitSeconds;
  }

  /** Seconds until one may be taken; 0: now. */
  waitSeconds(key: string): number {
    const { left } = this.#bucket(key);
    return left >= 1 ? 0 : Math.max(1, Math.ceil((1 - left) / this.#options.perSecond));
  }

  #bucket(key: string): Bucket {
    const { burst, perSecond, now } = this.#options;
    const bucket = this.#buckets.get(key) ?? { left: burst, filledAtMs: now() };
    const passedSeconds = (now() - bucket.filledAtMs) / 1000;
    bucket.left = Math.min(burst, bucket.left + passedSeconds * perSecond);
    bucket.filledAtMs = now();
    this.#buckets.set(key, bucket);
    return bucket;
  }
}
