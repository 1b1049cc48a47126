// The target of a redirect.
import { AppError } from '../../../base/app-error.ts';
import { firstHeader, type ReplyHead } from './exchange.ts';
import { uriOfHeader } from './header-text.ts';
import { MagnetRedirect } from './magnet-redirect.ts';

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** The `Location` of a redirect; undefined for any other response. */
export function redirectOf(head: ReplyHead): string | undefined {
  return REDIRECTS.has(head.status) ? firstHeader(head, 'location') : undefined;
}

/**
 * The URL that a `Location` names, without credentials and fragment.
 * @throws AppError SOURCE_UNUSABLE unless it is http or https, MagnetRedirect for a magnet link
 */
export function redirectTarget(location: string, from: URL): URL {
  const uri = uriOfHeader(location);
  if (/^\s*magnet:/iu.test(uri)) throw new MagnetRedirect(uri);
  const target = URL.parse(uri, from);
  if (target === null || (target.protocol !== 'http:' && target.protocol !== 'https:')) {
    throw new AppError('SOURCE_UNUSABLE', 'The server redirects to an address that is not http or https');
  }
  target.username = '';
  target.password = '';
  target.hash = '';
  return target;
}
