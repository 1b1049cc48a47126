// Where a segment lives in the cache directory. Every part of a path is made here, from digests and numbers.
import { join, sep } from 'node:path';
import { digest } from '../../../base/digest.ts';
import type { StoredRendition } from '../../model/rendition-track.ts';

const EXTENSIONS = { cmaf: 'm4s', mpegts: 'ts' } as const;
const DIGEST = /^[0-9a-f]{32}$/;

/** `<source id>/<digest of the key>`. An id that is not a digest already (it might hold anything) is made one. */
export function renditionPath({ sourceId, key }: StoredRendition): string {
  return join(sourceName(sourceId), digest(key));
}

/** How the names of all segments of a source begin. */
export function sourceDirectory(sourceId: string): string {
  return join(sourceName(sourceId), sep);
}

function sourceName(sourceId: string): string {
  return DIGEST.test(sourceId) ? sourceId : digest(sourceId);
}

/** `<number>.<extension>`. @throws RangeError for what is not a number of a segment */
export function segmentFileName({ format }: StoredRendition, number: number): string {
  if (!Number.isSafeInteger(number) || number < 0) throw new RangeError(`no segment ${number}`);
  return `${number}.${EXTENSIONS[format]}`;
}
