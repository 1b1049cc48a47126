// The entity tag of a segment, equal in every store.
import { digest } from '../../base/digest.ts';
import type { StoredRendition } from '../model/rendition-track.ts';

/** Strong validator (RFC 9110 section 8.8.3): equal only for equal bytes, since a segment is a function of its rendition and number. */
export function segmentEtag({ sourceId, key, format }: StoredRendition, number: number): string {
  return `"${digest(`${sourceId}\n${key}\n${format}`)}-${number}"`;
}
