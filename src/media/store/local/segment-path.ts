// The path of a segment below the store's root. All parts of a path are made in this file, from digests and numbers.
import { join, sep } from 'node:path';
import { digest } from '../../../base/digest.ts';
import type { StoredRendition } from '../../model/rendition-track.ts';

const EXTENSIONS = { cmaf: 'm4s', mpegts: 'ts' } as const;
const DIGEST = /^[0-9a-f]{32}$/;

/** `<source id>/<digest of the key>`. A source id that is not a digest may hold any characters, so its digest is used. */
export function renditionPath({ sourceId, key }: StoredRendition): string {
  return join(sourceName(sourceId), digest(key));
}

/** The prefix of the names of all segments of a source. */
export function sourceDirectory(sourceId: string): string {
  return join(sourceName(sourceId), sep);
}

function sourceName(sourceId: string): string {
  return DIGEST.test(sourceId) ? sourceId : digest(sourceId);
}

/** `<number>.<extension>`. @throws RangeError for an invalid segment number */
export function segmentFileName({ format }: StoredRendition, number: number): string {
  if (!Number.isSafeInteger(number) || number < 0) throw new RangeError(`no segment ${number}`);
  return `${number}.${EXTENSIONS[format]}`;
}
