// The headers that a caller may add to requests for its source, and the rule which hosts get them.
import { AppError } from '../../../base/app-error.ts';

/** Lower-case names. */
export type RequestHeaders = Readonly<Record<string, string>>;

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const VALUE = /^[\t\u0020-\u007e\u0080-\u00ff]*$/;
/** Headers of the client or of the connection: setting them would break the framing, the ranges or the check of the host. */
const RESERVED = new Set(
  (
    'accept-encoding connection content-length content-type expect host if-match if-modified-since if-none-match if-range ' +
    'if-unmodified-since keep-alive proxy-authorization proxy-connection range te trailer transfer-encoding upgrade'
  ).split(' '),
);

/** @throws AppError BAD_REQUEST naming the header */
export function checkHeaders(headers: RequestHeaders): RequestHeaders {
  const checked: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    if (!TOKEN.test(name))
      throw new AppError('BAD_REQUEST', 'headers: a name contains characters that are not allowed');
    if (RESERVED.has(lower)) throw new AppError('BAD_REQUEST', `headers: "${lower}" cannot be set`);
    if (!VALUE.test(value) || value.length > 8192)
      throw new AppError('BAD_REQUEST', `headers: the value of "${lower}" is not valid`);
    checked[lower] = value;
  }
  return checked;
}

/** Whether headers for `home` may be sent to `target`: the same origin, or the same host after an upgrade to https. */
export function sameHost(home: URL, target: URL): boolean {
  if (home.origin === target.origin) return true;
  const upgrade = home.protocol === 'http:' && target.protocol === 'https:' && home.port === '' && target.port === '';
  return upgrade && home.hostname === target.hostname;
}
