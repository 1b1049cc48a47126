// Tokens that let one device on the network play one session. Only their hashes are kept, so no look at
// memory, time or the disk gives one away.
import { createHash, randomBytes } from 'node:crypto';

import type { Logger } from '../base/logger.ts';
import { OrderedWrites } from '../base/ordered-writes.ts';

export interface IssuedCastToken {
  /** 256 random bits, URL-safe. */
  token: string;
  /** Wall clock, milliseconds; later with every use. */
  expiresAtMs: number;
}

/** What is kept of a token where it outlives a crash. */
export interface StoredCastToken {
  hash: string;
  sessionId: string;
  lifeMs: number;
  /** Wall clock, milliseconds. */
  expiresAtMs: number;
}

/** Holds tokens for as long as their sessions; which ones come back after a crash is its decision too. Every call settles within a bounded time. */
export interface CastTokenStore {
  /** Those of the sessions that are ours. */
  takeOver(): Promise<StoredCastToken[]>;
  /** Replaces the token with its hash; nothing is kept for a session that is not there. */
  put(token: StoredCastToken): Promise<void>;
  delete(hash: string): Promise<void>;
}

export interface CastTokensOptions {
  /** Monotonic clock, milliseconds: a clock that is set must not end a film. */
  now(): number;
  /** Wall clock, milliseconds. */
  wallClock(): number;
  store: CastTokenStore;
  log: Logger;
}

interface Holding {
  sessionId: string;
  lifeMs: number;
  expiresAtMs: number;
  /** As the store has it, by the same clock. */
  storedUntilMs: number;
}

/** The oldest ones of a session make room; a device that reconnects asks for a new one each time. */
const MAX_PER_SESSION = 32;
/** A crash forgets at most this much of a life that was prolonged. */
const FORGOTTEN_SHARE = 1 / 8;

export class CastTokens implements AsyncDisposable {
  readonly #options: CastTokensOptions;
  /** By the token's hash, oldest first. */
  readonly #holdings = new Map<string, Holding>();
  /** A full disk must not end a film: tokens then only live in memory. */
  readonly #writes: OrderedWrites;

  constructor(options: CastTokensOptions) {
    this.#options = options;
    this.#writes = new OrderedWrites((error) => this.#storeFailed(error));
  }

  get count(): number {
    return this.#holdings.size;
  }

  /** Goes on with the tokens of a server that was killed. A clock that was set in between makes none live longer. */
  async takeOver(): Promise<void> {
    const stored = await this.#options.store.takeOver().catch((error: unknown) => this.#storeFailed(error));
    for (const { hash, sessionId, lifeMs, expiresAtMs } of stored ?? []) {
      const leftMs = Math.min(lifeMs, expiresAtMs - this.#options.wallClock());
      const untilMs = this.#options.now() + leftMs;
      this.#holdings.set(hash, { sessionId, lifeMs, expiresAtMs: untilMs, storedUntilMs: untilMs });
    }
    this.sweep();
  }

  /** A new token for the session, valid for `lifeMs` after its last use. */
  issue(sessionId: string, lifeMs: number): IssuedCastToken {
    const token = randomBytes(32).toString('base64url');
    const older = [...this.#holdings].filter(([, holding]) => holding.sessionId === sessionId);
    for (const [hash] of older.slice(0, Math.max(0, older.length - MAX_PER_SESSION + 1))) this.#forget(hash);
    const holding = { sessionId, lifeMs, expiresAtMs: this.#options.now() + lifeMs, storedUntilMs: 0 };
    this.#holdings.set(hashOf(token), holding);
    this.#keep(hashOf(token), holding);
    return { token, expiresAtMs: this.#options.wallClock() + lifeMs };
  }

  /** The session a token is for; undefined when it is unknown, revoked or expired. Changes nothing. */
  sessionOf(token: string): string | undefined {
    const holding = this.#holdings.get(hashOf(token));
    return holding !== undefined && holding.expiresAtMs > this.#options.now() ? holding.sessionId : undefined;
  }

  /** Notes that the token was used: its life begins anew. */
  use(token: string): void {
    const hash = hashOf(token);
    const holding = this.#holdings.get(hash);
    if (holding === undefined) return;
    holding.expiresAtMs = this.#options.now() + holding.lifeMs;
    if (holding.expiresAtMs - holding.storedUntilMs > holding.lifeMs * FORGOTTEN_SHARE) this.#keep(hash, holding);
  }

  revoke(token: string): void {
    this.#forget(hashOf(token));
  }

  /** Ends every token of a session. */
  revokeSession(sessionId: string): void {
    for (const [hash, holding] of this.#holdings) {
      if (holding.sessionId === sessionId) this.#forget(hash);
    }
  }

  /** Forgets what has expired. */
  sweep(): void {
    const now = this.#options.now();
    for (const [hash, holding] of this.#holdings) {
      if (holding.expiresAtMs <= now) this.#forget(hash);
    }
  }

  /** Waits for what is being stored; the tokens stay. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writes.settled();
  }

  #keep(hash: string, holding: Holding): void {
    const { sessionId, lifeMs, expiresAtMs } = holding;
    const leftMs = expiresAtMs - this.#options.now();
    const stored = { hash, sessionId, lifeMs, expiresAtMs: this.#options.wallClock() + leftMs };
    this.#writes.add(hash, () => this.#options.store.put(stored));
    holding.storedUntilMs = expiresAtMs;
  }

  #forget(hash: string): void {
    if (this.#holdings.delete(hash)) this.#writes.add(hash, () => this.#options.store.delete(hash));
  }

  #storeFailed(err: unknown): void {
    this.#options.log.warn({ err }, 'cast tokens could not be stored');
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}
