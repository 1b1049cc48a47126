// A segment that is being made or waits to be, and those who wait for it.
import type { ScheduledRendition } from '../plan/scheduled-rendition.ts';
import type { Segment } from '../store/segment-store.ts';

interface Waiter {
  viewer: string;
  /** Grows with every request of the server: the larger, the newer the request. */
  order: number;
  settle: (segment: Segment) => void;
  fail: (reason: unknown) => void;
}

export class SegmentFlight {
  readonly rendition: ScheduledRendition;
  readonly number: number;
  /** On the scheduler's clock. */
  readonly launchedMs: number;
  readonly #onLeft: (viewer: string) => void;
  readonly #waiters = new Set<Waiter>();

  /** `onLeft` hears of each viewer that gives up, after it has left. */
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

  /** Waits for the segment. @throws the signal's reason, or why it could not be made */
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

  /** Sends a viewer's waiting requests away. */
  dismiss(viewer: string, reason: unknown): void {
    for (const waiter of [...this.#waiters]) if (waiter.viewer === viewer) this.#leave(waiter, reason);
  }

  #leave(waiter: Waiter, reason: unknown): void {
    if (!this.#waiters.delete(waiter)) return;
    waiter.fail(reason);
    this.#onLeft(waiter.viewer);
  }
}
