// The limits for retries of requests to remote servers, and the count of failures against them.
import { setTimeout as delay } from 'node:timers/promises';

import { failureOf, type FailureKind } from './upstream-failure.ts';

export interface RetryPolicy {
  /** No byte for this long: the connection is closed and another one is tried at the same byte. */
  stallMs: number;
  /** No byte for this long, over all connections: SOURCE_STALLED. */
  stallLimitMs: number;
  /** Failed connections in a row, without a byte between them. */
  tries: number;
  /** The same for bodies that end too early at the same byte. */
  shortTries: number;
  /** Back-off after the first failure; it doubles... */
  backoffMs: number;
  /** ... up to this. */
  maxBackoffMs: number;
}

/** Survives a minute without network and a server that stops for 60 s. */
export const PATIENT: RetryPolicy = {
  stallMs: 10_000,
  stallLimitMs: 90_000,
  tries: 12,
  shortTries: 4,
  backoffMs: 200,
  maxBackoffMs: 8_000,
};

/** For the initial request: waits of 200, 400 and 800 ms, then the failure is reported. */
export const BRIEF: RetryPolicy = { ...PATIENT, stallMs: 20_000, stallLimitMs: 20_000, tries: 4, shortTries: 2 };

/** Counts failures since the last byte and decides whether there is another attempt. */
export class RetryBudget {
  readonly #policy: RetryPolicy;
  #counts: Record<FailureKind, number> = zero();
  #progressed = false;
  #since = performance.now();

  constructor(policy: RetryPolicy) {
    this.#policy = policy;
  }

  /** A byte arrived (or the reader was not waiting until now). */
  progressed(): void {
    this.#progressed = true;
    this.#since = performance.now();
  }

  /** Bytes arrived that were received before: the server is alive, but this is no progress. */
  alive(): void {
    this.#since = performance.now();
  }

  /**
   * Waits before the next attempt, as long as the server asks for; not at all when the last attempt brought bytes. A server that is busy with
   * other connections of this client costs no tries.
   * @throws AppError of the failure when the limits are reached
   */
  async next(cause: unknown, signal: AbortSignal): Promise<void> {
    const failed = failureOf(cause);
    if (this.#progressed) this.#counts = zero();
    const first = this.#progressed;
    this.#progressed = false;
    this.#counts[failed.kind] += 1;
    if (this.#exhausted(failed.kind)) throw failed.error;
    const tries = this.#counts.transient + this.#counts.short + (first ? -1 : 0);
    const isAtOnce = first || tries === 0 || failed.kind === 'busy';
    const backoffMs = Math.min(this.#policy.backoffMs * 2 ** (tries - 1), this.#policy.maxBackoffMs);
    const waitMs = Math.max(isAtOnce ? 0 : backoffMs, failed.retryAfterMs);
    if (waitMs > 0) await delay(waitMs, undefined, { signal });
  }

  #exhausted(kind: FailureKind): boolean {
    if (kind === 'final') return true;
    if (performance.now() - this.#since >= this.#policy.stallLimitMs) return true;
    return this.#counts.transient >= this.#policy.tries || this.#counts.short >= this.#policy.shortTries;
  }
}

function zero(): Record<FailureKind, number> {
  return { transient: 0, short: 0, stalled: 0, busy: 0, final: 0 };
}
