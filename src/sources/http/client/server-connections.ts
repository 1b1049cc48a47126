// How many connections a server bears at a time. Accounts of IPTV and debrid services often have one: the next one is refused, or cuts the
// older one off. Nothing is assumed until a server does so; then fewer are opened, by all sources on that server together.
import { setTimeout as delay } from 'node:timers/promises';

import { AppError } from '../../../base/app-error.ts';
import { ConnectionSlots, type Slot, type SlotHolder } from './connection-slots.ts';
import { retryAfterMs } from './retry-after.ts';
import { UpstreamFailure, type FailedReply } from './upstream-failure.ts';

/** Besides those of the standards: what delivery networks and IPTV panels say when there are too many connections. */
const BUSY = new Set([403, 423, 429, 456, 458, 503, 509]);
/** A server may notice late that an answer is over, and later that it was given up ... */
const NOTICED_MS = { complete: 1_000, cut: 3_000 } as const;
/** ... so the next one waits a little, once the server has shown that. Doubles from here, to the other. */
const PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 400;
/** Without `Retry-After`: waits double from here, to the other. */
const WAIT_MS = 400;
const LONGEST_WAIT_MS = 2_000;
/** A connection that breaks so soon after a younger one was answered may have been cut off for its sake ... */
const KICKED_WITHIN_MS = 500;
/** ... and it was, when that happens twice. */
const KICKS = 2;
const KICKS_WITHIN_MS = 60_000;
/** An account may get better, and a guess may have been wrong. */
const LEARNED_FOR_MS = 300_000;
/** How long a place is waited for. */
const PATIENCE_MS = 20_000;

export class ServerConnections {
  readonly #slots = new ConnectionSlots(Infinity);
  readonly #open = new Set<Connection>();
  #learnedMs = -Infinity;
  #notBeforeMs = -Infinity;
  /** Until when the server may believe in a connection that is closed. */
  #noticedMs = -Infinity;
  #refusedInRow = 0;
  /** Between the end of a connection and the next one. */
  #pauseMs = 0;
  #kicks: number[] = [];

  /** True: the server has refused more connections than there are. */
  get isLimited(): boolean {
    return this.#slots.max < Infinity;
  }

  /**
   * Waits until one more connection may be opened; to be disposed when it is closed.
   * @throws UpstreamFailure `busy` when all stay in use; the signal's reason
   */
  async enter(holder: SlotHolder, signal: AbortSignal): Promise<Connection> {
    if (this.isLimited && performance.now() > this.#learnedMs + LEARNED_FOR_MS) this.#slots.limit(Infinity);
    const slot = await this.#place(holder, signal);
    try {
      const waitMs = this.#notBeforeMs - performance.now();
      if (waitMs > 0) await delay(waitMs, undefined, { signal });
    } catch (error) {
      slot[Symbol.dispose]();
      signal.throwIfAborted();
      throw error;
    }
    const connection = new Connection({
      refusal: (reply) => this.#refusal(connection, reply),
      broke: () => this.#broke(connection),
      left: () => {
        this.#left(connection);
        slot[Symbol.dispose]();
      },
    });
    this.#open.add(connection);
    return connection;
  }

  #left(connection: Connection): void {
    this.#open.delete(connection);
    if (connection.answeredMs === undefined) return;
    const now = performance.now();
    this.#noticedMs = Math.max(this.#noticedMs, now + NOTICED_MS[connection.isComplete ? 'complete' : 'cut']);
    if (this.isLimited) this.#notBeforeMs = Math.max(this.#notBeforeMs, now + this.#pauseMs);
  }

  #refusal(connection: Connection, reply: FailedReply): UpstreamFailure | undefined {
    if (reply.status < 300) this.#refusedInRow = 0;
    if (!BUSY.has(reply.status)) return undefined;
    const others = this.#open.size - 1;
    const now = performance.now();
    if (others === 0 && now > this.#noticedMs) {
      // It had nothing to do with other connections, and those refused before did not either.
      if (reply.status === 403) this.#slots.limit(Infinity);
      return undefined;
    }
    const answered = [...this.#open].filter((other) => other !== connection && other.answeredMs !== undefined).length;
    this.#lower(Math.max(1, answered));
    const waitMs = others > 0 ? 0 : this.#noticedLate();
    this.#notBeforeMs = Math.max(this.#notBeforeMs, now + Math.max(waitMs, retryAfterMs(reply)));
    return busy(`The server allows no further connection (${reply.status})`);
  }

  /** A connection was refused beside none but those that were closed just before. Gives how long to wait for the server to notice. */
  #noticedLate(): number {
    this.#pauseMs = Math.min(Math.max(PAUSE_MS, 2 * this.#pauseMs), LONGEST_PAUSE_MS);
    const waitMs = Math.min(WAIT_MS * 2 ** this.#refusedInRow, LONGEST_WAIT_MS);
    this.#refusedInRow += 1;
    return waitMs;
  }

  #broke(connection: Connection): void {
    const now = performance.now();
    const isKicked = [...this.#open].some(
      (other) => other.enteredMs > connection.enteredMs && now - (other.answeredMs ?? now) < KICKED_WITHIN_MS,
    );
    if (connection.answeredMs === undefined || !isKicked) return;
    this.#kicks = [...this.#kicks.filter((kick) => now - kick < KICKS_WITHIN_MS), now];
    if (this.#kicks.length >= KICKS) this.#lower(1);
  }

  #lower(max: number): void {
    this.#learnedMs = performance.now();
    if (max < this.#slots.max) this.#slots.limit(max);
  }

  async #place(holder: SlotHolder, signal: AbortSignal): Promise<Slot> {
    if (!this.isLimited) return this.#slots.acquire(holder, signal);
    const late = AbortSignal.timeout(PATIENCE_MS);
    try {
      return await this.#slots.acquire(holder, AbortSignal.any([signal, late]));
    } catch (error) {
      signal.throwIfAborted();
      if (!late.aborted) throw error;
      const { max } = this.#slots;
      const most = max === 1 ? 'one connection' : `${max} connections`;
      throw busy(`The server allows only ${most} at a time, and something else is being read`);
    }
  }
}

interface ConnectionEvents {
  refusal(reply: FailedReply): UpstreamFailure | undefined;
  broke(): void;
  left(): void;
}

/** From the request to the end of its answer, or to its loss. */
export class Connection implements Disposable {
  readonly enteredMs = performance.now();
  readonly #events: ConnectionEvents;
  #answeredMs: number | undefined;
  #isComplete = false;

  constructor(events: ConnectionEvents) {
    this.#events = events;
  }

  /** When the answer began. */
  get answeredMs(): number | undefined {
    return this.#answeredMs;
  }

  /** Whether the answer was received to its end. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /**
   * To be called with each answer: the failure, when the server refuses it because of other connections. Their number goes down, and
   * the next one waits as long as the server says.
   */
  refusal(reply: FailedReply): UpstreamFailure | undefined {
    if (reply.status < 300) this.#answeredMs ??= performance.now();
    return this.#events.refusal(reply);
  }

  complete(): void {
    this.#isComplete = true;
  }

  /** The connection was lost. */
  broke(): void {
    this.#events.broke();
  }

  [Symbol.dispose](): void {
    this.#events.left();
  }
}

function busy(sentence: string): UpstreamFailure {
  return new UpstreamFailure('busy', new AppError('SOURCE_FAILED', sentence));
}
