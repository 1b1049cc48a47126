// Who may call: one pure function, asked about every request before anything else looks at it.
import { isIP } from 'node:net';

import { ipKind, isLoopbackIp, plainIp } from '../../base/ip-address.ts';
import { isAllowedOrigin, type OriginRules } from './origins.ts';

/** What a request shows of itself before it is read. Header values as they were sent. */
export interface Approach {
  /** Address at the other end, after trusted proxies; undefined when it is not known. */
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
  /** The host inside a target in absolute form; undefined for the usual form. */
  absoluteHost?: string | undefined;
  /** What will be served: as the router understood the target, not as it was written. */
  path: string;
  /** `cast_token` in the query, or X-Raffi-Cast-Token. */
  castToken?: string | undefined;
  /** `lan_token` in the query, or a bearer: sent on purpose, never by a browser of its own accord. */
  lanToken?: string | undefined;
  /** The pairing cookie, which a browser sends whoever asks. */
  lanCookie?: string | undefined;
}

export interface GateRules extends OriginRules {
  /** Whether only this machine can connect. */
  isLoopbackOnly: boolean;
  /** Names beyond `localhost` under which we may be called, lower case. */
  allowedHosts: readonly string[];
  /** Whether the home network may use the API without a token. */
  isLanOpen: boolean;
  /** The session a cast token is good for now. */
  castSession(token: string): string | undefined;
  isLanToken(token: string): boolean;
}

/** What the caller is: this machine, a paired device, any device of an open network, a cast device, or a browser that asks first. */
export type Grant = 'local' | 'paired' | 'open' | 'cast' | 'preflight';

export type Verdict = { grant: Grant } | { refuse: 401 | 403 | 421; sentence: string; hint?: string };

const READING = new Set(['GET', 'HEAD']);
/** All a cast device needs: playlists, segments, init sections, subtitles. */
const CASTABLE =
  /^\/sessions\/(?<session>[\w-]{1,128})\/(?:stream(?:\.m3u8|\/[\w.-]+)?|[\w-]+\/(?:playlist\.m3u8|init\.mp4|segment\d{1,8}\.(?:m4s|ts))|subtitles\/\d{1,4}\.vtt)$/u;
/** What stays with the owner of the machine where the network is open. */
const OWNERS_ONLY = /^\/(?:sessions|sessions\/[^/]+\/clips?|torrents|metrics|cast(?:ing)?(?:\/.*)?)$/su;
/** Addresses that can be guessed; reading them makes the server work. */
const GUESSABLE = /^\/torrents(?:\/|$)/u;

export function judge(approach: Approach, rules: GateRules): Verdict {
  const host = goodHost(approach, rules);
  if (host === undefined) {
    const hint = 'Names other than localhost are allowed by RAFFI_ALLOWED_HOSTS.';
    return { refuse: 421, sentence: 'This server is not called by that name.', hint };
  }
  if (approach.castToken !== undefined) return judgeCastDevice(approach, approach.castToken, rules);
  if (approach.lanToken !== undefined) {
    return rules.isLanToken(approach.lanToken) ? { grant: 'paired' } : badToken();
  }
  if (isForeignPage(approach, host, rules)) {
    const hint = 'Other origins are allowed by RAFFI_ALLOWED_ORIGINS.';
    return { refuse: 403, sentence: 'Web pages of this origin may not use the server.', hint };
  }
  return judgePeer(approach, host, rules);
}

/** The Host a request may be answered under; undefined when there is none, several, or another one. */
function goodHost({ hosts, absoluteHost }: Approach, rules: GateRules): string | undefined {
  const [host, second] = hosts;
  if (host === undefined || second !== undefined || !isGoodName(host, rules)) return undefined;
  // The absolute form of a target counts instead of the Host (RFC 9112 section 3.2.2).
  return absoluteHost === undefined || absoluteHost === host.toLowerCase() ? host : undefined;
}

/** Names can be made to lead here by whoever owns them (DNS rebinding); addresses cannot. */
function isGoodName(host: string, rules: GateRules): boolean {
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
    return { refuse: 403, sentence: 'A cast token only opens the playlists, segments and subtitles of its session.' };
  }
  return wanted === session ? { grant: 'cast' } : badToken();
}

function badToken(): Verdict {
  return { refuse: 401, sentence: 'The token is not valid, or not any more.' };
}

/** Whether a web page that is not one of ours is behind the request. */
function isForeignPage(approach: Approach, host: string, rules: GateRules): boolean {
  const { origin, fetchSite, method, path } = approach;
  const isForeignSite = fetchSite === 'cross-site' || fetchSite === 'same-site';
  if (method === 'OPTIONS') return false;
  const isAllowed = (page: string) => isAllowedOrigin(page, host, rules);
  if (!READING.has(method)) return origin === undefined ? isForeignSite : !isAllowed(origin);
  // A page cannot read the answer without our leave; but asking makes the server work.
  if (origin !== undefined) return !isAllowed(origin) && (isForeignSite || GUESSABLE.test(path));
  if (!isForeignSite) return false;
  const isFollowedLink = approach.fetchMode === 'navigate' && approach.fetchDest === 'document';
  if (isFollowedLink && !GUESSABLE.test(path)) return false;
  const page = approach.referer === undefined ? undefined : URL.parse(approach.referer)?.origin;
  return page === undefined || !isAllowed(page);
}

function judgePeer({ peer, method, path, lanCookie }: Approach, host: string, rules: GateRules): Verdict {
  const kind = peer === undefined ? undefined : ipKind(peer);
  // Behind a proxy on this machine the peer is always this machine, but the name is not.
  const isLocalName = rules.isLoopbackOnly || isLoopbackName(nameIn(host) ?? '');
  if (kind === 'loopback' && isLocalName) return { grant: 'local' };
  if (lanCookie !== undefined && rules.isLanToken(lanCookie)) return { grant: 'paired' };
  const isNear = kind === 'private' || kind === 'loopback' || (kind === 'special' && isLinkLocal(peer));
  if (rules.isLanOpen && isNear) {
    if (!OWNERS_ONLY.test(path) || (path === '/sessions' && !READING.has(method))) return { grant: 'open' };
    return { refuse: 403, sentence: 'This is for the machine the server runs on.' };
  }
  // A browser sends no token with the question whether it may send one.
  if (method === 'OPTIONS' && CASTABLE.test(path)) return { grant: 'preflight' };
  return { refuse: 403, sentence: 'This device needs a token to use the server.', hint: 'See docs/security.md.' };
}

function isLinkLocal(peer: string | undefined): boolean {
  return peer !== undefined && /^(?:fe[89ab]|169\.254\.)/iu.test(plainIp(peer) ?? '');
}
