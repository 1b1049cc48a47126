// A segment that is being made or queued, and the requests that wait for it.
import type { ScheduledRendition } from '../plan/scheduled-rendition.ts';
import type { Segment } from '../store/segment-store.ts';

interface Waiter {
  viewer: string;
  /** The serial number of the request: a larger number is a newer request. */
  order: number;
  settle: (segment: Segment) => void;
  fail: (reason: unknown) => void;
}

export class SegmentFlight {
  readonly rendition: ScheduledRendition;
  readonly number: number;
  /** Milliseconds on the scheduler's clock. */
  readonly launchedMs: number;
  readonly #onLeft: (viewer: string) => void;
  readonly #waiters = new Set<Waiter>();

  /** `onLeft` is called for each request that is aborted or dismissed, after its removal. */
  constructor(
    rendition: ScheduledRendition,
    number: number,
    { launchedMs, onLeft }: { launchedMs: number; onLeft: (flight: SegmentFlight, viewer: string) => void },
  ) {
    this.rendition = rendition;
    this.number = number;
    this.launchedMs = launchedMs;
    this.#onLeft = (viewer) => onLeft(this, viewer);
  }

  get isAbandoned(): boolean {
    return this.#waiters.size === 0;
  }

  get viewers(): Set<string> {
    return new Set(this.#waiters.values().map((waiter) => waiter.viewer));
  }

  get newestOrder(): number {
    return this.#waiters.values().reduce((newest, { order }) => Math.max(newest, order), -Infinity);
  }

  get oldestOrder(): number {
    return this.#waiters.values().reduce((oldest, { order }) => Math.min(oldest, order), Infinity);
  }

  /** Waits for the segment. @throws the signal's reason, or the error that the segment failed with */
  async wait({ viewer, order }: { viewer: string; order: number }, signal: AbortSignal): Promise<Segment> {
    signal.throwIfAborted();
    const { promise, resolve: settle, reject: fail } = Promise.withResolvers<Segment>();
    const waiter = { viewer, order, settle, fail };
    const leave = (): void => this.#leave(waiter, signal.reason);
    this.#waiters.add(waiter);
    signal.addEventListener('abort', leave, { once: true });
    try {
      return await promise;
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  settle(segment: Segment): void {
    for (const waiter of this.#waiters) waiter.settle(segment);
    this.#waiters.clear();
  }

  fail(error: unknown): void {
    for (const waiter of this.#waiters) waiter.fail(error);
    this.#waiters.clear();
  }

  /** Fails all waiting requests of a viewer. */
  dismiss(viewer: string, reason: unknown): void {
    for (const waiter of [...this.#waiters]) if (waiter.viewer === viewer) this.#leave(waiter, reason);
  }

  #leave(waiter: Waiter, reason: unknown): void {
    if (!this.#waiters.delete(waiter)) return;
    waiter.fail(reason);
    this.#onLeft(waiter.viewer);
  }
}
