// `Range` and `Content-Range` as a client sees them (RFC 9110 sections 14.2 and 14.4).
import type { ByteRange } from '../../../base/byte-range.ts';

export interface ContentRange extends ByteRange {
  /** Undefined for `*`: the server does not know. */
  sizeBytes: number | undefined;
}

export function rangeHeader(range: { start: number; end?: number | undefined }): string {
  return `bytes=${range.start}-${range.end === undefined ? '' : range.end - 1}`;
}

/**
 * Undefined unless the value is a range inside its total. Some servers omit the unit, copy the `=` of `Range`, add spaces anywhere, or
 * write the exclusive end as the last byte: at the end of a file it is then one too large.
 */
export function parseContentRange(value: string | undefined): ContentRange | undefined {
  const match = /^(?:bytes)?[\s=:]*(\d{1,16})\s*-\s*(\d{1,16})\s*\/\s*(\d{1,16}|\*)$/i.exec(value?.trim() ?? '');
  if (match === null) return undefined;
  const start = Number(match[1]);
  const sizeBytes = match[3] === '*' ? undefined : Number(match[3]);
  const end = Math.min(Number(match[2]) + 1, sizeBytes ?? Infinity);
  if (!Number.isSafeInteger(end) || start >= end) return undefined;
  if (sizeBytes !== undefined && (!Number.isSafeInteger(sizeBytes) || Number(match[2]) > sizeBytes)) return undefined;
  return { start, end, sizeBytes };
}

/** `Content-Length` as a number of bytes; undefined when absent or nonsense. */
export function parseContentLength(value: string | undefined): number | undefined {
  if (value === undefined || !/^\d{1,16}$/.test(value)) return undefined;
  const length = Number(value);
  return Number.isSafeInteger(length) ? length : undefined;
}
