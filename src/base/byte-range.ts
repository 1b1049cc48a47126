// Byte ranges: `[start, end)` inside the program, `bytes=a-b` (RFC 9110 section 14) on the wire.

/** Half-open: `start` is the first byte, `end` is one after the last byte. */
export interface ByteRange {
  start: number;
  end: number;
}

/** One range of a Range header: positions, or the last bytes. */
export type RangeSpec =
  | { start: number; /** Undefined: to the end. */ end: number | undefined }
  | { suffixBytes: number };

/** Larger positions are clamped to this: it stays exact, also with one more for the end. */
const LAST_POSITION = Number.MAX_SAFE_INTEGER - 1;

/** A Range header with a single, well-formed byte range; undefined for all others, which a server may ignore (RFC 9110 section 14.2). */
export function parseRange(header: string | undefined): RangeSpec | undefined {
  const { first, last } = /^bytes=[ \t]*(?<first>\d*)-(?<last>\d*)[ \t]*$/iu.exec(header ?? '')?.groups ?? {};
  if (first === undefined || last === undefined || (first === '' && last === '')) return undefined;
  if (first === '') return { suffixBytes: position(last) };
  if (last === '') return { start: position(first), end: undefined };
  const [start, end] = [position(first), position(last) + 1];
  return start < end ? { start, end } : undefined;
}

/** The bytes that a range selects of `sizeBytes`; undefined when it is unsatisfiable (section 14.1.2). */
export function resolveRange(spec: RangeSpec, sizeBytes: number): ByteRange | undefined {
  const start = 'start' in spec ? spec.start : Math.max(0, sizeBytes - spec.suffixBytes);
  const end = 'start' in spec ? Math.min(spec.end ?? sizeBytes, sizeBytes) : sizeBytes;
  return start < end ? { start, end } : undefined;
}

function position(digits: string): number {
  return Math.min(Number(digits), LAST_POSITION);
}
