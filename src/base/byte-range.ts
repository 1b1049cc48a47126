// Byte ranges: `[start, end)` inside the program, `bytes=a-b` (RFC 9110 section 14) on the wire.

/** Half-open: `start` is the first byte, `end` the one after the last. */
export interface ByteRange {
  start: number;
  end: number;
}
