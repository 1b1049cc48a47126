// Tokens that let one device on the network play one session. Only their hashes are kept, so no look at memory or time gives one away.
import { createHash, randomBytes } from 'node:crypto';

export interface IssuedCastToken {
  /** 256 random bits, URL-safe. */
  token: string;
  /** Wall clock, milliseconds; later with every use. */
  expiresAtMs: number;
}

export interface CastTokensOptions {
  /** Monotonic clock, milliseconds: a clock that is set must not end a film. */
  now(): number;
  /** Wall clock, milliseconds. */
  wallClock(): number;
}

interface Holding {
  sessionId: string;
  lifeMs: number;
  expiresAtMs: number;
}

/** The oldest ones of a session make room; a device that reconnects asks for a new one each time. */
const MAX_PER_SESSION = 32;

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

  /** A new token for the session, valid for `lifeMs` after its last use. */
  issue(sessionId: string, lifeMs: number): IssuedCastToken {
    const token = randomBytes(32).toString('base64url');
    const older = [...this.#holdings].filter(([, holding]) => holding.sessionId === sessionId);
    for (const [hash] of older.slice(0, Math.max(0, older.length - MAX_PER_SESSION + 1))) this.#holdings.delete(hash);
    this.#holdings.set(hashOf(token), { sessionId, lifeMs, expiresAtMs: this.#options.now() + lifeMs });
    return { token, expiresAtMs: this.#options.wallClock() + lifeMs };
  }

  /** The session a token is for; undefined when it is unknown, revoked or expired. Changes nothing. */
  sessionOf(token: string): string | undefined {
    const holding = this.#holdings.get(hashOf(token));
    return holding !== undefined && holding.expiresAtMs > this.#options.now() ? holding.sessionId : undefined;
  }

  /** Notes that the token was used: its life begins anew. */
  use(token: string): void {
    const holding = this.#holdings.get(hashOf(token));
    if (holding !== undefined) holding.expiresAtMs = this.#options.now() + holding.lifeMs;
  }

  revoke(token: string): void {
    this.#holdings.delete(hashOf(token));
  }

  /** Ends every token of a session. */
  revokeSession(sessionId: string): void {
    for (const [hash, holding] of this.#holdings) {
      if (holding.sessionId === sessionId) this.#holdings.delete(hash);
    }
  }

  /** Forgets what has expired. */
  sweep(): void {
    const now = this.#options.now();
    for (const [hash, holding] of this.#holdings) {
      if (holding.expiresAtMs <= now) this.#holdings.delete(hash);
    }
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('base64');
}
