// Tokens that let one device on the network play one session. Only their hashes are kept, so no look at
// memory, time or the disk gives one away.
import { createHash, randomBytes } from 'node:crypto';

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

/** Holds tokens for as long as their sessions; which ones come back after a crash is its decision too. */
export interface CastTokenStore {
  /** Those of the sessions that are ours. */
  takeOver(): StoredCastToken[];
  put(token: StoredCastToken): void;
  delete(hash: string): void;
}

export interface CastTokensOptions {
  /** Monotonic clock, milliseconds: a clock that is set must not end a film. */
  now(): number;
  /** Wall clock, milliseconds. */
  wallClock(): number;
  store: CastTokenStore;
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

export class CastTokens {
  readonly #options: CastTokensOptions;
  /** By the token's hash, oldest first. */
  readonly #holdings = new Map<string, Holding>();

  constructor(options: CastTokensOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#holdings.size;
  }

  /** Goes on with the tokens of a server that was killed. A clock that was set in between makes none live longer. */
  takeOver(): void {
    for (const { hash, sessionId, lifeMs, expiresAtMs } of this.#options.store.takeOver()) {
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

  #keep(hash: string, holding: Holding): void {
    const { sessionId, lifeMs, expiresAtMs } = holding;
    const leftMs = expiresAtMs - this.#options.now();
    this.#options.store.put({ hash, sessionId, lifeMs, expiresAtMs: this.#options.wallClock() + leftMs });
    holding.storedUntilMs = expiresAtMs;
  }

  #forget(hash: string): void {
    if (this.#holdings.delete(hash)) this.#options.store.delete(hash);
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}
