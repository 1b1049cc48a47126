// The Range header of a request (RFC 9110 section 14): single byte ranges; everything else is answered in full.
import type { ByteRange } from '../../base/byte-range.ts';

export type RangeVerdict = { kind: 'full' } | { kind: 'part'; range: ByteRange } | { kind: 'unsatisfiable' };

export interface RangeRequest {
  range: string | undefined;
  /** If-Range: the range only counts when this is the entity's strong validator (section 13.1.5). */
  ifRange: string | undefined;
  etag: string;
  sizeBytes: number;
}

export function rangeVerdict(request: RangeRequest): RangeVerdict {
  if (request.range === undefined) return { kind: 'full' };
  if (request.ifRange !== undefined && request.ifRange !== request.etag) return { kind: 'full' };
  const match = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/iu.exec(request.range);
  if (match === null) return { kind: 'full' };
  const [, first = '', last = ''] = match;
  if (first === '') return last === '' ? { kind: 'full' } : suffix(Number(last), request.sizeBytes);
  const start = Number(first);
  const end = last === '' ? request.sizeBytes : Math.min(Number(last) + 1, request.sizeBytes);
  if (last !== '' && Number(last) < start) return { kind: 'full' };
  return start < request.sizeBytes ? { kind: 'part', range: { start, end } } : { kind: 'unsatisfiable' };
}

/** Whether If-None-Match names the entity (weak comparison, section 13.1.2). */
export function matchesEtag(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  return ifNoneMatch.split(',').some((each) => each.trim() === '*' || each.trim().replace(/^W\//u, '') === etag);
}

function suffix(length: number, sizeBytes: number): RangeVerdict {
  if (length === 0 || sizeBytes === 0) return { kind: 'unsatisfiable' };
  return { kind: 'part', range: { start: Math.max(0, sizeBytes - length), end: sizeBytes } };
}
