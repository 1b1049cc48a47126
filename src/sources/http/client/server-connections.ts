// Learns how many connections a server allows at a time. Accounts of IPTV and debrid services often have one: the next one is refused, or cuts the
// older one off. There is no limit until a server does so; then fewer are opened, by all sources on that server together.
import { setTimeout as delay } from 'node:timers/promises';

import { AppError } from '../../../base/app-error.ts';
import { ConnectionSlots, type Slot, type SlotHolder } from './connection-slots.ts';
import { retryAfterMs } from './retry-after.ts';
import { UpstreamFailure, type FailedReply } from './upstream-failure.ts';

/** Status codes for too many connections: standard ones, and those of delivery networks and IPTV panels. */
const BUSY = new Set([403, 423, 429, 456, 458, 503, 509]);
/** How late a server may notice that a response is complete, or that the client has cut it off ... */
const NOTICED_MS = { complete: 1_000, cut: 3_000 } as const;
/** ... so the next connection waits, once the server has shown that. The wait doubles from PAUSE_MS to LONGEST_PAUSE_MS. */
const PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 400;
/** Without `Retry-After` the wait doubles from WAIT_MS to LONGEST_WAIT_MS. */
const WAIT_MS = 400;
const LONGEST_WAIT_MS = 2_000;
/** A connection that breaks this soon after a newer one was answered may have been cut off in its favour ... */
const PREEMPTED_WITHIN_MS = 500;
/** ... and counts as cut off when that happens this often ... */
const PREEMPTIONS = 2;
const PREEMPTIONS_WITHIN_MS = 60_000;
/** A learned limit expires: an account may change, and the limit may have been wrong. */
const LEARNED_FOR_MS = 300_000;
/** How long `enter` waits for a slot. */
const SLOT_WAIT_MS = 20_000;

export class ServerConnections {
  readonly #slots = new ConnectionSlots(Infinity);
  readonly #open = new Set<Connection>();
  #learnedMs = -Infinity;
  #notBeforeMs = -Infinity;
  /** Until when the server may still count a closed connection. */
  #noticedMs = -Infinity;
  #refusedInRow = 0;
  /** Pause between the end of a connection and the next one. */
  #pauseMs = 0;
  #preemptions: number[] = [];

  /** Whether the server has refused a connection because of others. */
  get isLimited(): boolean {
    return this.#slots.max < Infinity;
  }

  /**
   * Waits until one more connection may be opened; to be disposed when the connection is closed.
   * @throws UpstreamFailure `busy` when all connections stay in use; the signal's reason
   */
  async enter(holder: SlotHolder, signal: AbortSignal): Promise<Connection> {
    if (this.isLimited && performance.now() > this.#learnedMs + LEARNED_FOR_MS) this.#slots.limit(Infinity);
    const slot = await this.#slot(holder, signal);
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
      // This refusal, and so the earlier ones, had nothing to do with other connections.
      if (reply.status === 403) this.#slots.limit(Infinity);
      return undefined;
    }
    const answered = [...this.#open].filter((other) => other !== connection && other.answeredMs !== undefined).length;
    this.#lower(Math.max(1, answered));
    const waitMs = others > 0 ? 0 : this.#noticedLate();
    this.#notBeforeMs = Math.max(this.#notBeforeMs, now + Math.max(waitMs, retryAfterMs(reply)));
    return busy(`The server allows no further connection (${reply.status})`);
  }

  /** A connection was refused although the others were closed just before. Returns how long to wait until the server notices. */
  #noticedLate(): number {
    this.#pauseMs = Math.min(Math.max(PAUSE_MS, 2 * this.#pauseMs), LONGEST_PAUSE_MS);
    const waitMs = Math.min(WAIT_MS * 2 ** this.#refusedInRow, LONGEST_WAIT_MS);
    this.#refusedInRow += 1;
    return waitMs;
  }

  #broke(connection: Connection): void {
    const now = performance.now();
    const isPreempted = [...this.#open].some(
      (other) => other.enteredMs > connection.enteredMs && now - (other.answeredMs ?? now) < PREEMPTED_WITHIN_MS,
    );
    if (connection.answeredMs === undefined || !isPreempted) return;
    this.#preemptions = [...this.#preemptions.filter((atMs) => now - atMs < PREEMPTIONS_WITHIN_MS), now];
    if (this.#preemptions.length >= PREEMPTIONS) this.#lower(1);
  }

  #lower(max: number): void {
    this.#learnedMs = performance.now();
    if (max < this.#slots.max) this.#slots.limit(max);
  }

  async #slot(holder: SlotHolder, signal: AbortSignal): Promise<Slot> {
    if (!this.isLimited) return this.#slots.acquire(holder, signal);
    const late = AbortSignal.timeout(SLOT_WAIT_MS);
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

/** A connection from the request to the end of the response, or to its loss. */
export class Connection implements Disposable {
  readonly enteredMs = performance.now();
  readonly #events: ConnectionEvents;
  #answeredMs: number | undefined;
  #isComplete = false;

  constructor(events: ConnectionEvents) {
    this.#events = events;
  }

  /** When the response began. */
  get answeredMs(): number | undefined {
    return this.#answeredMs;
  }

  /** Whether the response was received to its end. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /**
   * To be called with each response. Returns a failure when the server refuses the request because of other connections. The limit is lowered,
   * and the next connection waits as long as the server says.
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
