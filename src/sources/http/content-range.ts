// `Range` and `Content-Range` as a client sees them (RFC 9110 sections 14.2 and 14.4).
import type { ByteRange } from '../../base/byte-range.ts';

export interface ContentRange extends ByteRange {
  /** Undefined for `*`: the server does not know. */
  sizeBytes: number | undefined;
}

export function rangeHeader(range: { start: number; end?: number | undefined }): string {
  return `bytes=${range.start}-${range.end === undefined ? '' : range.end - 1}`;
}

/** Undefined unless the value is a well-formed range inside its total. */
export function parseContentRange(value: string | undefined): ContentRange | undefined {
  const match = /^bytes\s+(\d{1,16})-(\d{1,16})\/(\d{1,16}|\*)$/i.exec(value?.trim() ?? '');
  if (match === null) return undefined;
  const start = Number(match[1]);
  const end = Number(match[2]) + 1;
  const sizeBytes = match[3] === '*' ? undefined : Number(match[3]);
  if (!Number.isSafeInteger(end) || start >= end) return undefined;
  if (sizeBytes !== undefined && (!Number.isSafeInteger(sizeBytes) || end > sizeBytes)) return undefined;
  return { start, end, sizeBytes };
}

/** `Content-Length` as a number of bytes; undefined when absent or nonsense. */
export function parseContentLength(value: string | undefined): number | undefined {
  if (value === undefined || !/^\d{1,16}$/.test(value)) return undefined;
  const length = Number(value);
  return Number.isSafeInteger(length) ? length : undefined;
}
