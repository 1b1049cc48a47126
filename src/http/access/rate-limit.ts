// A token bucket for each key: a burst, then a constant rate.
import { LRUCache } from 'lru-cache';

export interface RateLimitOptions {
  /** Size of a bucket. */
  burst: number;
  perSecond: number;
  /** Monotonic clock, milliseconds. */
  now(): number;
}

interface Bucket {
  left: number;
  filledAtMs: number;
}

/** Bound for attackers with many addresses: the least recently used buckets are dropped. */
const MAX_KEYS = 10_000;

export class RateLimit {
  readonly #options: RateLimitOptions;
  readonly #buckets = new LRUCache<string, Bucket>({ max: MAX_KEYS });

  constructor(options: RateLimitOptions) {
    this.#options = options;
  }

  /** Takes one from the bucket and returns 0; if the bucket is empty, returns the seconds until it can be taken. */
  take(key: string): number {
    const waitSeconds = this.waitSeconds(key);
    if (waitSeconds === 0) this.#bucket(key).left -= 1;
    return waitSeconds;
  }

  /** Seconds until one may be taken; 0: now. */
  waitSeconds(key: string): number {
    const { left } = this.#bucket(key);
    return left >= 1 ? 0 : Math.ceil((1 - left) / this.#options.perSecond);
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
