// The identity of remote content: equal bytes should share an id whatever the URL, different bytes never.
import { digest } from '../../../base/digest.ts';
import { HEAD_BYTES, type InitialResponse } from './initial-response.ts';
import { unescapedName } from '../client/header-text.ts';

/**
 * A hash of validators, size and samples, 32 hex digits. `tail` is undefined when the end could not be read.
 * URLs of one file differ in host and query (signatures), so the URL is part of the hash only without stronger facts:
 * without the tail and without a strong ETag.
 */
export function contentId(initial: InitialResponse, tail: Uint8Array | undefined): string {
  const { etag, lastModified, sizeBytes, url } = initial;
  const strongEtag = etag !== undefined && !etag.startsWith('W/');
  const validators = `http ${sizeBytes ?? '?'} ${etag ?? lastModified ?? ''}\n`;
  const address = tail === undefined && !strongEtag ? `${url.href}\n` : '';
  return digest(validators, address, initial.head.subarray(0, HEAD_BYTES), tail ?? '');
}

/** The last segment of the path, for titles. */
export function nameOf(url: URL): string {
  const last = url.pathname.split('/').filter(Boolean).at(-1) ?? url.hostname;
  return unescapedName(last);
}
