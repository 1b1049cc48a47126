// The port of segment stores: finished segments, and who makes the missing ones. A segment is a function of its rendition and number, so
// any node may make it and any copy of it is as good as another.
import type { ByteRange } from '../../base/byte-range.ts';
import type { PartReader } from '../../base/part-reader.ts';
import type { StoredRendition } from '../model/rendition-track.ts';

/** A finished segment. Immutable. */
export interface Segment {
  readonly sizeBytes: number;
  /** Strong validator (RFC 9110 section 8.8.3), with quotes: equal for equal rendition and number. */
  readonly etag: string;
  /** Opens bytes `[start, end)`. @throws AppError SEGMENT_EVICTED */
  open(range: ByteRange): Promise<PartReader>;
}

/** The right to make one segment, held by one caller at a time until it is disposed or its signal aborts. Disposing removes what was not published. */
export interface SegmentClaim extends AsyncDisposable {
  /** An absolute path: a worker writes the segment there. */
  readonly outputPath: string;
  /** Makes the written file the segment, for everybody, at once. @throws AppError DISK_FULL; SOURCE_CHANGED when the source was invalidated meanwhile */
  publish(): Promise<Segment>;
}

export interface SegmentStoreStats {
  segments: number;
  sizeBytes: number;
  memoryBytes: number;
  evicted: number;
}

export interface SegmentStore extends AsyncDisposable {
  readonly stats: SegmentStoreStats;
  /** Whether even eviction leaves no room for more than the pinned segments: no time to work ahead. */
  readonly isTight: boolean;
  /** The segment, now the most recently used one; undefined when the store does not hold it whole. */
  get(rendition: StoredRendition, number: number): Promise<Segment | undefined>;
  /**
   * The segment, or the claim to make it. Waits while another caller holds the claim: this is what makes each segment once.
   * @throws AppError DISK_FULL; the signal's reason
   */
  claim(rendition: StoredRendition, number: number, signal: AbortSignal): Promise<ClaimResult>;
  /**
   * Whether the local tier holds the segment. An optimisation of planning: false also where only a remote tier holds it.
   * @throws RangeError for what is no number of a segment
   */
  peek(rendition: StoredRendition, number: number): boolean;
  /** Segments `[from, to)` are not evicted until the viewer's next pin in this rendition, `unpin`, or ten minutes without either. */
  pin(viewer: string, rendition: StoredRendition, range: { from: number; to: number }): void;
  unpin(viewer: string): void;
  /** Bytes of the source were wrong: removes what was made of it, and fails the claims on it that are open. */
  invalidate(sourceId: string): void;
  /** Evicts `wantedBytes` or more, as far as pins allow. Resolves, when the disk has the room, with whether anything was evicted. */
  makeRoom(wantedBytes: number): Promise<boolean>;
}

export type ClaimResult = { segment: Segment; claim?: undefined } | { segment?: undefined; claim: SegmentClaim };
