// Applies the gate to every request, counts failed tokens, and keeps the grant of each admitted request.
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

import type { FastifyReply, FastifyRequest } from 'fastify';

import { AppError, type ErrorCode } from '../../base/app-error.ts';
import type { CastTokens } from '../../cast/cast-tokens.ts';
import { judge, type Approach, type GateRules, type Grant, type Verdict } from './gate.ts';
import type { Listening } from './listening.ts';
import { isAllowedOrigin } from './origins.ts';
import { limitKey, peerAddress } from './peer-address.ts';
import { RateLimit } from './rate-limit.ts';
import { PAIRING_COOKIE, presentedTokens } from './tokens-in-request.ts';

/** The access settings of the owner. */
export interface AccessOptions {
  allowedOrigins: string[];
  /** Lower case. */
  allowedHosts: string[];
  /** Addresses or networks. */
  trustedProxies: string[];
  /** Opens the API to devices of the network that present it; undefined: no token. */
  lanToken: string | undefined;
  isLanOpen: boolean;
}

export interface GatekeeperOptions extends AccessOptions {
  castTokens: CastTokens;
  /** Where the server listens; called for each request, because it is not known at the construction. */
  listening(): Listening;
  /** Monotonic clock, milliseconds. */
  now(): number;
}

const CODES: Record<401 | 403 | 421, ErrorCode> = { 401: 'UNAUTHORIZED', 403: 'FORBIDDEN', 421: 'WRONG_HOST' };
const BAD_TOKENS_A_MINUTE = 20;
const COOKIE_SECONDS = 400 * 24 * 3600;

export class Gatekeeper {
  readonly #options: GatekeeperOptions;
  readonly #badTokens: RateLimit;
  readonly #grants = new WeakMap<IncomingMessage, Grant>();

  constructor(options: GatekeeperOptions) {
    this.#options = options;
    const perSecond = BAD_TOKENS_A_MINUTE / 60;
    this.#badTokens = new RateLimit({ burst: BAD_TOKENS_A_MINUTE, perSecond, now: options.now });
  }

  /** Admits the request and sets headers of the reply. @throws AppError UNAUTHORIZED, FORBIDDEN, WRONG_HOST, TOO_MANY */
  admit(request: FastifyRequest, reply: FastifyReply): void {
    const approach = this.#approach(request);
    const verdict = judge(approach, this.#rules(approach));
    this.#countBadCookie(approach, verdict, reply);
    if ('refuse' in verdict) {
      // An allowed page may read the refusal too; after a wrong Host no page may.
      const readers = verdict.refuse === 421 ? undefined : this.readersOf(request);
      if (readers !== undefined) reply.header('Access-Control-Allow-Origin', readers).header('Vary', 'Origin');
      if (verdict.refuse === 401) this.#countBadToken(approach, reply);
      throw new AppError(
        CODES[verdict.refuse],
        verdict.sentence,
        verdict.hint === undefined ? {} : { hint: verdict.hint },
      );
    }
    this.#grants.set(request.raw, verdict.grant);
    if (verdict.grant === 'cast' && approach.castToken !== undefined) this.#options.castTokens.use(approach.castToken);
    this.#mark(approach, verdict.grant, reply);
    // Private Network Access: browsers ask before a page of the internet may send requests to this machine.
    const isAsked = request.headers['access-control-request-private-network'] === 'true';
    if (isAsked && this.readersOf(request) !== undefined) reply.header('Access-Control-Allow-Private-Network', 'true');
    if (approach.lanToken !== undefined && request.headers.accept?.includes('text/html') === true) {
      remember(approach.lanToken, reply);
    }
  }

  /** The grant of an admitted request. */
  grantOf(request: FastifyRequest): Grant | undefined {
    return this.#grants.get(request.raw);
  }

  peerOf(request: FastifyRequest): string | undefined {
    return peerAddress(request.raw, this.#options.trustedProxies);
  }

  /** The value of Access-Control-Allow-Origin: the origin of the page, `*` for a request with a token, or undefined. */
  readersOf(request: FastifyRequest): string | undefined {
    const { castToken, lanToken } = presentedTokens(request);
    // The pages of cast devices have any origin. The token decides, and no browser sends it on its own.
    if (castToken !== undefined || (lanToken !== undefined && this.#options.lanToken !== undefined)) return '*';
    const { origin, host } = request.headers;
    return origin !== undefined && isAllowedOrigin(origin, host, this.#originRules()) ? origin : undefined;
  }

  #approach(request: FastifyRequest): Approach {
    const { headers } = request;
    const names = request.raw.rawHeaders.filter((_each, index) => index % 2 === 0);
    const hosts = names.flatMap((name, index) =>
      name.toLowerCase() === 'host' ? [request.raw.rawHeaders[index * 2 + 1] ?? ''] : [],
    );
    const tokens = presentedTokens(request);
    return {
      peer: this.peerOf(request),
      method: request.method,
      hosts,
      origin: headers.origin,
      referer: headers.referer,
      fetchSite: one(headers['sec-fetch-site']),
      fetchMode: one(headers['sec-fetch-mode']),
      fetchDest: one(headers['sec-fetch-dest']),
      absoluteHost: absoluteHost(request.raw.url ?? ''),
      path: servedPath(request),
      ...(this.#options.lanToken === undefined ? { castToken: tokens.castToken } : tokens),
    };
  }

  #originRules() {
    return { ownPort: this.#options.listening().port, allowedOrigins: this.#options.allowedOrigins };
  }

  #rules(approach: Approach): GateRules {
    const { castTokens, lanToken, allowedHosts, isLanOpen, listening } = this.#options;
    return {
      ...this.#originRules(),
      isLoopbackOnly: listening().isLoopbackOnly,
      allowedHosts,
      isLanOpen,
      castSession: (token) => castTokens.sessionOf(token),
      // The token was chosen by a person and may be guessed: after too many failures it is not compared.
      isLanToken: (token) =>
        lanToken !== undefined &&
        this.#badTokens.waitSeconds(limitKey(approach.peer)) === 0 &&
        sameSecret(token, lanToken),
    };
  }

  #countBadToken({ peer }: Approach, reply: FastifyReply): void {
    reply.header('WWW-Authenticate', 'Bearer realm="raffi"');
    const retryAfterSeconds = this.#badTokens.take(limitKey(peer));
    if (retryAfterSeconds === 0) return;
    throw new AppError('TOO_MANY', 'Too many tokens that are not valid', { retryAfterSeconds });
  }

  /** Counts an invalid cookie as a guess, and makes a browser with an old one delete it. */
  #countBadCookie({ lanCookie, peer }: Approach, verdict: Verdict, reply: FastifyReply): void {
    const isBad = lanCookie !== undefined && ('refuse' in verdict ? verdict.refuse === 403 : verdict.grant === 'open');
    if (!isBad) return;
    reply.header('Set-Cookie', `${PAIRING_COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict`);
    const retryAfterSeconds = this.#badTokens.take(limitKey(peer));
    if (retryAfterSeconds === 0 || 'grant' in verdict) return;
    throw new AppError('TOO_MANY', 'Too many tokens that are not valid', { retryAfterSeconds });
  }

  #mark(approach: Approach, grant: Grant, reply: FastifyReply): void {
    const [host] = approach.hosts;
    const pages = [approach.origin, approach.referer === undefined ? undefined : URL.parse(approach.referer)?.origin];
    const isAllowedPage = pages.some((page) => page !== undefined && isAllowedOrigin(page, host, this.#originRules()));
    // Pages that may not read a response must not embed it as an image or a video either.
    reply.header('Cross-Origin-Resource-Policy', isAllowedPage || grant === 'cast' ? 'cross-origin' : 'same-origin');
    reply.header('Referrer-Policy', grant === 'local' ? 'same-origin' : 'no-referrer');
  }
}

/** The path of the matched route with its parameters, so that no spelling of a target disguises a path. */
function servedPath({ routeOptions, params, url }: FastifyRequest): string {
  const pattern = routeOptions.url;
  if (pattern === undefined || pattern.includes('*')) return url.split('?')[0] ?? '';
  const values = new Map<string, unknown>(Object.entries(params ?? {}));
  return pattern.replaceAll(/:(\w+)/gu, (_all, name: string) => {
    const value = values.get(name);
    return typeof value === 'string' ? encodeURIComponent(value) : '';
  });
}

/** The host of a target in absolute form, `http://host/path` (RFC 9112 section 3.2.2). */
function absoluteHost(target: string): string | undefined {
  return target.startsWith('/') || target === '*' ? undefined : (URL.parse(target)?.host ?? '');
}

/** Sets the pairing cookie for a browser that came with the token in the URL, from the QR code. */
function remember(token: string, reply: FastifyReply): void {
  const attributes = `Path=/; Max-Age=${COOKIE_SECONDS}; HttpOnly; SameSite=Strict`;
  reply.header('Set-Cookie', `${PAIRING_COOKIE}=${encodeURIComponent(token)}; ${attributes}`);
}

/** Compares in constant time. */
function sameSecret(left: string, right: string): boolean {
  const [leftHash, rightHash] = [left, right].map((text) => createHash('sha256').update(text).digest());
  return leftHash !== undefined && rightHash !== undefined && timingSafeEqual(leftHash, rightHash);
}

function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value;
}
