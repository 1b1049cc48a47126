// What a finished segment is to those who serve it.

/** A finished segment. Immutable; the file may go once it is not used any more, so open it at once or use `bytes`. */
export interface SegmentFile {
  path: string;
  sizeBytes: number;
  /** Strong validator, with quotes. */
  etag: string;
  /** Present when the segment is still in memory. */
  bytes: Uint8Array | undefined;
}
