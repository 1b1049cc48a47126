// Decides which requests are admitted: a pure function that is called for every request before any other code.
import { isIP } from 'node:net';

import { ipKind, isLoopbackIp, plainIp } from '../../base/ip-address.ts';
import { isAllowedOrigin, type OriginRules } from './origins.ts';

/** The properties of a request that the gate judges. Header values are unparsed. */
export interface Approach {
  /** Address of the caller, after trusted proxies; undefined when it is unknown. */
  peer: string | undefined;
  method: string;
  /** Every Host header: there must be one. */
  hosts: readonly string[];
  origin?: string | undefined;
  referer?: string | undefined;
  /** Sec-Fetch-Site, -Mode and -Dest. */
  fetchSite?: string | undefined;
  fetchMode?: string | undefined;
  fetchDest?: string | undefined;
  /** The host in a target in absolute form; undefined for the origin form. */
  absoluteHost?: string | undefined;
  /** The path as the router matched it, not as it was sent. */
  path: string;
  /** `cast_token` in the query, or X-Raffi-Cast-Token. */
  castToken?: string | undefined;
  /** `lan_token` in the query, or a bearer token: browsers never send these on their own. */
  lanToken?: string | undefined;
  /** The pairing cookie, which a browser sends for requests of any page. */
  lanCookie?: string | undefined;
}

export interface GateRules extends OriginRules {
  /** Whether only this machine can connect. */
  isLoopbackOnly: boolean;
  /** Names of this server besides `localhost`, lower case. */
  allowedHosts: readonly string[];
  /** Whether the home network may use the API without a token. */
  isLanOpen: boolean;
  /** The session that a cast token opens now; undefined for an invalid token. */
  castSession(token: string): string | undefined;
  isLanToken(token: string): boolean;
}

/** What the caller is admitted as: this machine, a paired device, a device of an open network, a cast device, or a preflight request. */
export type Grant = 'local' | 'paired' | 'open' | 'cast' | 'preflight';

export type Verdict = { grant: Grant } | { refuse: 401 | 403 | 421; sentence: string; hint?: string };

const READING = new Set(['GET', 'HEAD']);
/** Paths for cast devices: playlists, segments, init sections, subtitles. */
const CASTABLE =
  /^\/sessions\/(?<session>[\w-]{1,128})\/(?:stream(?:\.m3u8|\/[\w.-]+)?|[\w-]+\/(?:playlist\.m3u8|init\.mp4|segment\d{1,8}\.(?:m4s|ts))|subtitles\/\d{1,4}\.vtt)$/u;
/** Paths that stay reserved for the owner of the machine when the network is open. */
const OWNERS_ONLY = /^\/(?:sessions|sessions\/[^/]+\/clips?|torrents|metrics|cast(?:ing)?(?:\/.*)?)$/su;
/** Paths that can be guessed, and whose GET requests cause work. */
const GUESSABLE = /^\/torrents(?:\/|$)/u;

export function judge(approach: Approach, rules: GateRules): Verdict {
  const host = acceptedHost(approach, rules);
  if (host === undefined) {
    const hint = 'Names other than localhost are allowed by RAFFI_ALLOWED_HOSTS';
    return { refuse: 421, sentence: 'This server is not called by that name', hint };
  }
  if (approach.castToken !== undefined) return judgeCastDevice(approach, approach.castToken, rules);
  if (approach.lanToken !== undefined) {
    return rules.isLanToken(approach.lanToken) ? { grant: 'paired' } : badToken();
  }
  if (isForeignPage(approach, host, rules)) {
    const hint = 'Other origins are allowed by RAFFI_ALLOWED_ORIGINS';
    return { refuse: 403, sentence: 'Web pages of this origin may not use the server', hint };
  }
  return judgePeer(approach, host, rules);
}

/** The Host header of a request if it is accepted; undefined when there is none, several, or another one. */
function acceptedHost({ hosts, absoluteHost }: Approach, rules: GateRules): string | undefined {
  const [host, second] = hosts;
  if (host === undefined || second !== undefined || !isAcceptedName(host, rules)) return undefined;
  // The host of a target in absolute form replaces the Host header (RFC 9112 section 3.2.2).
  return absoluteHost === undefined || absoluteHost === host.toLowerCase() ? host : undefined;
}

/** The owner of a domain can resolve it to this server (DNS rebinding), so only known names are accepted; addresses are safe. */
function isAcceptedName(host: string, rules: GateRules): boolean {
  const name = nameIn(host);
  if (name === undefined) return false;
  if (isLoopbackName(name) || rules.allowedHosts.includes(name)) return true;
  return !rules.isLoopbackOnly && isIP(name) !== 0;
}

/** Host without the port, lower case, IPv6 without brackets. */
function nameIn(host: string): string | undefined {
  const match = /^(?:\[(?<six>[\da-f:.]+)\]|(?<name>[a-z\d._-]+))(?::\d{0,5})?$/iu.exec(host);
  return (match?.groups?.['six'] ?? match?.groups?.['name'])?.toLowerCase();
}

function isLoopbackName(name: string): boolean {
  return name === 'localhost' || (isIP(name) !== 0 && isLoopbackIp(name) && plainIp(name) !== undefined);
}

function judgeCastDevice({ method, path }: Approach, token: string, rules: GateRules): Verdict {
  const session = rules.castSession(token);
  if (session === undefined) return badToken();
  const wanted = CASTABLE.exec(path)?.groups?.['session'];
  if (wanted === undefined || !(READING.has(method) || method === 'OPTIONS')) {
    return { refuse: 403, sentence: 'A cast token only opens the playlists, segments and subtitles of its session' };
  }
  return wanted === session ? { grant: 'cast' } : badToken();
}

function badToken(): Verdict {
  return { refuse: 401, sentence: 'The token is not valid, or not any more' };
}

/** Whether the request comes from a web page that is not allowed. */
function isForeignPage(approach: Approach, host: string, rules: GateRules): boolean {
  const { origin, fetchSite, method, path } = approach;
  const isForeignSite = fetchSite === 'cross-site' || fetchSite === 'same-site';
  if (method === 'OPTIONS') return false;
  const isAllowed = (page: string) => isAllowedOrigin(page, host, rules);
  if (!READING.has(method)) return origin === undefined ? isForeignSite : !isAllowed(origin);
  // CORS keeps the page from reading the response, but the request itself causes work.
  if (origin !== undefined) return !isAllowed(origin) && (isForeignSite || GUESSABLE.test(path));
  if (!isForeignSite) return false;
  const isFollowedLink = approach.fetchMode === 'navigate' && approach.fetchDest === 'document';
  if (isFollowedLink && !GUESSABLE.test(path)) return false;
  const page = approach.referer === undefined ? undefined : URL.parse(approach.referer)?.origin;
  return page === undefined || !isAllowed(page);
}

function judgePeer({ peer, method, path, lanCookie }: Approach, host: string, rules: GateRules): Verdict {
  const kind = peer === undefined ? undefined : ipKind(peer);
  // Behind a proxy on this machine the peer address is always loopback, but the Host is not.
  const isLocalName = rules.isLoopbackOnly || isLoopbackName(nameIn(host) ?? '');
  if (kind === 'loopback' && isLocalName) return { grant: 'local' };
  if (lanCookie !== undefined && rules.isLanToken(lanCookie)) return { grant: 'paired' };
  const isInHomeNetwork = kind === 'private' || kind === 'loopback' || (kind === 'special' && isLinkLocal(peer));
  if (rules.isLanOpen && isInHomeNetwork) {
    if (!OWNERS_ONLY.test(path) || (path === '/sessions' && !READING.has(method))) return { grant: 'open' };
    return { refuse: 403, sentence: 'This is for the machine the server runs on' };
  }
  // A preflight request asks whether a token may be sent, and has none itself.
  if (method === 'OPTIONS' && CASTABLE.test(path)) return { grant: 'preflight' };
  return { refuse: 403, sentence: 'This device needs a token to use the server', hint: 'See docs/security.md' };
}

function isLinkLocal(peer: string | undefined): boolean {
  return peer !== undefined && /^(?:fe[89ab]|169\.254\.)/iu.test(plainIp(peer) ?? '');
}
