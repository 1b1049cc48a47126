// The identity of remote content: equal bytes should share a cache whatever the link, different bytes never.
import { digest } from '../../../base/digest.ts';
import { HEAD_BYTES, type FirstContact } from './first-contact.ts';
import { unescapedName } from '../client/header-text.ts';

/**
 * 32 hex digits over validators, size and samples. `tail` is undefined when the end could not be read.
 * Links to one file differ in host and query (signatures), so the address counts only where nothing else is strong:
 * without the tail and without a strong ETag.
 */
export function contentId(contact: FirstContact, tail: Uint8Array | undefined): string {
  const { etag, lastModified, sizeBytes, url } = contact;
  const strongEtag = etag !== undefined && !etag.startsWith('W/');
  const validators = `http ${sizeBytes ?? '?'} ${etag ?? lastModified ?? ''}\n`;
  const address = tail === undefined && !strongEtag ? `${url.href}\n` : '';
  return digest(validators, address, contact.head.subarray(0, HEAD_BYTES), tail ?? '');
}

/** The last segment of the path, for titles. */
export function nameOf(url: URL): string {
  const last = url.pathname.split('/').filter(Boolean).at(-1) ?? url.hostname;
  return unescapedName(last);
}
