// Evaluates Range, If-Range and If-None-Match of a request (RFC 9110 sections 13 and 14).
import { parseRange, resolveRange, type ByteRange } from '../../base/byte-range.ts';

export type RangeVerdict = { kind: 'full' } | { kind: 'part'; range: ByteRange } | { kind: 'unsatisfiable' };

export interface RangeRequest {
  range: string | undefined;
  /** If-Range: the range applies only if this is the strong validator of the entity (section 13.1.5). */
  ifRange: string | undefined;
  etag: string;
  sizeBytes: number;
}

export function rangeVerdict(request: RangeRequest): RangeVerdict {
  if (request.range === undefined) return { kind: 'full' };
  if (request.ifRange !== undefined && request.ifRange !== request.etag) return { kind: 'full' };
  const spec = parseRange(request.range);
  if (spec === undefined) return { kind: 'full' };
  const range = resolveRange(spec, request.sizeBytes);
  return range === undefined ? { kind: 'unsatisfiable' } : { kind: 'part', range };
}

/** Whether If-None-Match names the entity (weak comparison, section 13.1.2). Entity tags may contain commas. */
export function matchesEtag(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.trim() === '*' || [...ifNoneMatch.matchAll(/"[^"]*"/gu)].some(([tag]) => tag === etag);
}
