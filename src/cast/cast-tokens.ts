// Tokens that let one device of the network play one session. Only hashes of tokens are kept, so neither memory nor timing nor the disk reveals
// a token.
import { createHash, randomBytes } from 'node:crypto';

import type { Logger } from '../base/logger.ts';
import { OrderedWrites } from '../base/ordered-writes.ts';

export interface IssuedCastToken {
  /** 256 random bits, URL-safe. */
  token: string;
  /** Wall clock, milliseconds; every use extends it. */
  expiresAtMs: number;
}

/** The stored part of a token, which outlives a crash. */
export interface StoredCastToken {
  hash: string;
  sessionId: string;
  lifeMs: number;
  /** Wall clock, milliseconds. */
  expiresAtMs: number;
}

/** Stores tokens for as long as their sessions, and decides which tokens are taken over after a crash. Every call settles within a bounded time. */
export interface CastTokenStore {
  /** The tokens of the sessions that this server owns. */
  takeOver(): Promise<StoredCastToken[]>;
  /** Replaces the token with its hash; nothing is kept for a session that is not there. */
  put(token: StoredCastToken): Promise<void>;
  delete(hash: string): Promise<void>;
}

export interface CastTokensOptions {
  /** Monotonic clock, milliseconds: a change of the wall clock must not end playback. */
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
  /** `expiresAtMs` as it was last stored. */
  storedUntilMs: number;
}

/** The oldest token of a session is removed first; a device that reconnects requests a new one each time. */
const MAX_PER_SESSION = 32;
/** A crash loses at most this share of the life by which a use extended a token. */
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

  /** Takes over the tokens of a killed server. A change of the wall clock in between extends no token beyond its life. */
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
    for (const [hash] of older.slice(0, Math.max(0, older.length - MAX_PER_SESSION + 1))) this.#remove(hash);
    const holding = { sessionId, lifeMs, expiresAtMs: this.#options.now() + lifeMs, storedUntilMs: 0 };
    this.#holdings.set(hashOf(token), holding);
    this.#store(hashOf(token), holding);
    return { token, expiresAtMs: this.#options.wallClock() + lifeMs };
  }

  /** The session of a token; undefined when the token is unknown, revoked or expired. Does not count as a use. */
  sessionOf(token: string): string | undefined {
    const holding = this.#holdings.get(hashOf(token));
    return holding !== undefined && holding.expiresAtMs > this.#options.now() ? holding.sessionId : undefined;
  }

  /** Records a use of the token: its life starts again. */
  use(token: string): void {
    const hash = hashOf(token);
    const holding = this.#holdings.get(hash);
    if (holding === undefined) return;
    holding.expiresAtMs = this.#options.now() + holding.lifeMs;
    if (holding.expiresAtMs - holding.storedUntilMs > holding.lifeMs * FORGOTTEN_SHARE) this.#store(hash, holding);
  }

  revoke(token: string): void {
    this.#remove(hashOf(token));
  }

  /** Ends every token of a session. */
  revokeSession(sessionId: string): void {
    for (const [hash, holding] of this.#holdings) {
      if (holding.sessionId === sessionId) this.#remove(hash);
    }
  }

  /** Removes expired tokens. */
  sweep(): void {
    const now = this.#options.now();
    for (const [hash, holding] of this.#holdings) {
      if (holding.expiresAtMs <= now) this.#remove(hash);
    }
  }

  /** Resolves when all writes are stored; the tokens stay. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writes.settled();
  }

  #store(hash: string, holding: Holding): void {
    const { sessionId, lifeMs, expiresAtMs } = holding;
    const leftMs = expiresAtMs - this.#options.now();
    const stored = { hash, sessionId, lifeMs, expiresAtMs: this.#options.wallClock() + leftMs };
    this.#writes.add(hash, () => this.#options.store.put(stored));
    holding.storedUntilMs = expiresAtMs;
  }

  #remove(hash: string): void {
    if (this.#holdings.delete(hash)) this.#writes.add(hash, () => this.#options.store.delete(hash));
  }

  #storeFailed(err: unknown): void {
    this.#options.log.warn({ err }, 'storing cast tokens failed');
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}
