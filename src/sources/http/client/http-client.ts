// GET requests for one source: follows redirects, checks the address of every hop, and sends the caller's headers to their own host only.
import { lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import type { Agent, buildConnector } from 'undici';

import { AppError } from '../../../base/app-error.ts';
import { Cookies } from './cookies.ts';
import { Exchange, allHeaders, firstHeader, type ReplyBody } from './exchange.ts';
import { readingMemory } from './reading-memory.ts';
import { redirectOf, redirectTarget } from './redirect.ts';
import { sameHost, type RequestHeaders } from './request-headers.ts';

export interface HttpClientOptions {
  /** The URL that the caller named: the only host that gets `headers`. */
  home: URL;
  headers: RequestHeaders;
  addresses: AddressRules;
  userAgent?: string | undefined;
  connectTimeoutMs?: number | undefined;
}

export interface Place {
  /** Name or IP address, without brackets. */
  hostname: string;
  port: number;
}

/** The addresses that the source may be read from. */
export interface AddressRules {
  /**
   * Called with each IP address that a place resolves to, after the look-up and before the connection to that same address: a name
   * cannot change in between.
   * @throws AppError SOURCE_FORBIDDEN
   */
  check(ip: string, place: Place): void;
  /** The server at `from` redirected to `to`. */
  redirected(from: Place, to: Place): void;
}

export interface HttpReply {
  status: number;
  /** The URL that answered, after redirects. */
  url: URL;
  /** The first header of that name (lower case). */
  header(name: string): string | undefined;
  /** All headers of that name, one value for each line. */
  headers(name: string): string[];
  body: ReplyBody;
}

const MAX_REDIRECTS = 10;
const REDIRECT_BODY_BYTES = 16_384;
const DEFAULT_USER_AGENT = 'Mozilla/5.0 (compatible; Raffi)';

/** Owns its connections, and keeps the cookies of its servers while it is open. */
export class HttpClient implements AsyncDisposable {
  readonly #options: HttpClientOptions;
  readonly #cookies = new Cookies();
  #agent: Promise<Agent> | undefined;

  constructor(options: HttpClientOptions) {
    this.#options = options;
  }

  /**
   * Requests `url` and follows redirects. The response may have any other status.
   * @throws AppError for a refused address or redirect; anything undici throws
   */
  async get(url: URL, headers: RequestHeaders, signal: AbortSignal): Promise<HttpReply> {
    let target = url;
    for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
      const place = placeOf(target);
      // Literal addresses are checked here, because they need no look-up.
      if (isIP(place.hostname) !== 0) this.#options.addresses.check(place.hostname, place);
      const exchange = await this.#request(target, headers, signal);
      const head = await exchange.head;
      await this.#cookies.keep(allHeaders(head, 'set-cookie'), target);
      const location = redirectOf(head);
      if (location === undefined) {
        const header = (name: string) => firstHeader(head, name);
        return { status: head.status, url: target, header, headers: (name) => allHeaders(head, name), body: exchange };
      }
      await dump(exchange, signal);
      target = redirectTarget(location, target);
      this.#options.addresses.redirected(place, placeOf(target));
    }
    throw new AppError('SOURCE_FAILED', 'The server redirects in circles');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const agent = await this.#agent;
    await agent?.destroy();
  }

  async #request(url: URL, headers: RequestHeaders, signal: AbortSignal): Promise<Exchange> {
    const own = {
      accept: '*/*',
      'accept-encoding': 'identity',
      'user-agent': this.#options.userAgent ?? DEFAULT_USER_AGENT,
    };
    const users = sameHost(this.#options.home, url) ? this.#options.headers : {};
    this.#agent ??= openAgent(this.#options);
    const agent = await this.#agent;
    const exchange = new Exchange(signal);
    const path = url.pathname + url.search;
    const cookie = this.#cookies.headerFor(url, users['cookie']);
    const cookies = cookie === undefined ? {} : { cookie };
    const all = { ...own, ...users, ...cookies, ...headers };
    agent.dispatch({ origin: url.origin, path, method: 'GET', headers: all }, exchange);
    return exchange;
  }
}

async function openAgent({ connectTimeoutMs: timeout = 10_000, addresses }: HttpClientOptions): Promise<Agent> {
  const { Agent, buildConnector } = await import('../../../base/undici.ts');
  return new Agent({
    // One HTTP/2 connection would share its small flow-control window among all readers.
    allowH2: false,
    connect: checkedConnector(addresses, (checked) =>
      buildConnector({ timeout, lookup: checked, onread: readingMemory() }),
    ),
    // The caller detects stalls: only the caller knows whether it is waiting.
    headersTimeout: 0,
    bodyTimeout: 0,
    keepAliveTimeout: 10_000,
    keepAliveMaxTimeout: 10_000,
  });
}

/** Reads a short unused body to its end, so that its connection can be reused. Errors of the body are ignored. */
async function dump(body: ReplyBody, signal: AbortSignal): Promise<void> {
  let left = REDIRECT_BODY_BYTES;
  const take = (chunk: Uint8Array): boolean => {
    left -= chunk.length;
    return left > 0;
  };
  await body.receive(take).catch(() => signal.throwIfAborted());
}

/** Connects only to addresses that were checked. */
function checkedConnector(
  addresses: AddressRules,
  build: (lookup: LookupFunction) => buildConnector.connector,
): buildConnector.connector {
  const byPlace = new Map<string, buildConnector.connector>();
  return (options, callback) => {
    const { hostname, protocol } = options;
    const port = Number(options.port || (protocol === 'https:' ? 443 : 80));
    const key = `${hostname} ${port}`;
    const checked = checkedLookup((ip) => addresses.check(ip, { hostname, port }));
    // Connectors are kept because they cache TLS sessions.
    const connector = byPlace.get(key) ?? build(checked);
    byPlace.set(key, connector);
    connector(options, callback);
  };
}

function checkedLookup(check: (ip: string) => void): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '', 0);
      try {
        for (const { address } of addresses) check(address);
      } catch (refusal) {
        return callback(refusal instanceof Error ? refusal : new Error('refused'), '', 0);
      }
      const [first] = addresses;
      if (options.all === true || first === undefined) return callback(null, addresses);
      return callback(null, first.address, first.family);
    });
  };
}

/** Host without brackets, and port. */
export function placeOf(url: URL): Place {
  const standard = url.protocol === 'https:' ? 443 : 80;
  return { hostname: url.hostname.replace(/^\[|\]$/gu, ''), port: url.port === '' ? standard : Number(url.port) };
}
