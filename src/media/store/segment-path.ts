// Where a segment lives in the cache directory. Every part of a path is made here, from digests and numbers.
import type { SegmentFormat } from '../model/rendition-track.ts';
import { createHash } from 'node:crypto';
import { join, sep } from 'node:path';

/** A rendition of a source, as far as the cache is concerned. */
export interface CachedRendition {
  /** Id of the source. */
  sourceId: string;
  /** The `renditionKey` of its jobs. Names the source too: equal keys, equal segments. */
  key: string;
  format: SegmentFormat;
}

const EXTENSIONS = { cmaf: 'm4s', mpegts: 'ts' } as const;
const DIGEST = /^[0-9a-f]{32}$/;

/** `<source id>/<digest of the key>`. An id that is not a digest already (it might hold anything) is made one. */
export function renditionPath({ sourceId, key }: CachedRendition): string {
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
export function segmentFileName({ format }: CachedRendition, number: number): string {
  if (!Number.isSafeInteger(number) || number < 0) throw new RangeError(`no segment ${number}`);
  return `${number}.${EXTENSIONS[format]}`;
}

/** Strong validator: equal only for equal bytes, since a segment is a function of its rendition and number. */
export function segmentEtag(rendition: CachedRendition, number: number): string {
  return `"${digest(`${rendition.sourceId}\n${rendition.key}\n${rendition.format}`)}-${number}"`;
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}
