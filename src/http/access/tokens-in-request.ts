// Tokens in requests and in playlists: a player that requests a playlist with a token needs the token in every URI of it.
import type { FastifyRequest } from 'fastify';

const CAST_HEADER = 'x-raffi-cast-token';
const BEARER = /^Bearer +(?<token>\S+) *$/iu;
export const PAIRING_COOKIE = 'raffi_lan_token';

export interface PresentedTokens {
  castToken: string | undefined;
  lanToken: string | undefined;
  lanCookie: string | undefined;
}

export function presentedTokens(request: FastifyRequest): PresentedTokens {
  const query = queryOf(request);
  const bearer = BEARER.exec(request.headers.authorization ?? '')?.groups?.['token'];
  const header = request.headers[CAST_HEADER];
  return {
    castToken: query.get('cast_token') ?? (Array.isArray(header) ? header[0] : header),
    lanToken: query.get('lan_token') ?? bearer,
    lanCookie: cookie(request.headers.cookie ?? '', PAIRING_COOKIE),
  };
}

/** The playlist with the token of the request in every URI of this server. A bearer token stays in the header. */
export function withToken(playlist: string, request: FastifyRequest): string {
  const query = queryOf(request);
  const { castToken } = presentedTokens(request);
  if (castToken !== undefined) return withParameter(playlist, 'cast_token', castToken);
  const lanToken = query.get('lan_token');
  return lanToken === null ? playlist : withParameter(playlist, 'lan_token', lanToken);
}

/** Adds a parameter to URI lines and URI attributes of tags (RFC 8216 section 4.3). */
function withParameter(playlist: string, name: string, value: string): string {
  const carry = (uri: string) => carried(uri, `${name}=${encodeURIComponent(value)}`);
  const lines = playlist.split('\n').map((line) => {
    if (line.startsWith('#')) return withCarriedAttribute(line, carry);
    return line.trim() === '' ? line : carry(line);
  });
  return lines.join('\n');
}

/** Every quoted string is matched as a whole: a name such as "x,URI=" is no attribute. */
function withCarriedAttribute(tag: string, carry: (uri: string) => string): string {
  return tag.replaceAll(
    /(?<attribute>(?<=[:,])URI=)?"(?<value>[^"]*)"/gu,
    (all: string, attribute: string | undefined, value: string) =>
      attribute === undefined ? all : `${attribute}"${carry(value)}"`,
  );
}

/** Only relative URIs are on this server; other servers must never get the token. */
function carried(uri: string, parameter: string): string {
  if (/^[a-z][a-z\d+.-]*:|^\/\//iu.test(uri)) return uri;
  return `${uri}${uri.includes('?') ? '&' : '?'}${parameter}`;
}

function queryOf(request: FastifyRequest): URLSearchParams {
  const at = request.url.indexOf('?');
  return new URLSearchParams(at === -1 ? '' : request.url.slice(at + 1));
}

function cookie(header: string, name: string): string | undefined {
  for (const pair of header.split(';')) {
    const [key, value] = pair.split('=', 2);
    if (key?.trim() === name) return decoded(value?.trim() ?? '');
  }
  return undefined;
}

function decoded(value: string): string | undefined {
  try {
    return decodeURIComponent(value);
  } catch {
    return undefined;
  }
}
