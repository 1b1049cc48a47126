// The port of segment stores: finished segments, and claims to make missing ones. A segment is a function of its rendition and number, so
// any node may make it and all copies are equal.
import type { ByteRange } from '../../base/byte-range.ts';
import type { PartReader } from '../../base/part-reader.ts';
import type { StoredRendition } from '../model/rendition-track.ts';

/** A finished segment. Immutable. */
export interface Segment {
  readonly sizeBytes: number;
  /** Strong validator (RFC 9110 section 8.8.3), in quotes: equal for equal rendition and number. */
  readonly etag: string;
  /** Opens bytes `[start, end)`. @throws AppError SEGMENT_EVICTED */
  open(range: ByteRange): Promise<PartReader>;
}

/** The right to make one segment. One caller holds it until it disposes the claim or its signal aborts. Disposal removes an unpublished file. */
export interface SegmentClaim extends AsyncDisposable {
  /** The absolute path that a worker writes the segment to. */
  readonly outputPath: string;
  /** Makes the written file the segment for all callers. @throws AppError DISK_FULL; SOURCE_CHANGED when the source was invalidated meanwhile */
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
  /** Whether pinned segments alone fill the store, so that eviction makes no room: then nothing is made ahead. */
  readonly isTight: boolean;
  /** The segment, marked as the most recently used one; undefined when the store does not hold all of it. */
  get(rendition: StoredRendition, number: number): Promise<Segment | undefined>;
  /**
   * The segment, or the claim to make it. Waits while another caller holds the claim, so that each segment is made once.
   * @throws AppError DISK_FULL; the signal's reason
   */
  claim(rendition: StoredRendition, number: number, signal: AbortSignal): Promise<ClaimResult>;
  /**
   * Whether the local tier holds the segment; false also when only a remote tier holds it. For planning alone.
   * @throws RangeError for an invalid segment number
   */
  peek(rendition: StoredRendition, number: number): boolean;
  /** Protects segments `[from, to)` from eviction until the viewer's next pin in this rendition, `unpin`, or ten minutes without either. */
  pin(viewer: string, rendition: StoredRendition, range: { from: number; to: number }): void;
  unpin(viewer: string): void;
  /** Removes all segments of a source whose bytes were wrong, and fails its open claims. */
  invalidate(sourceId: string): void;
  /** Evicts `wantedBytes` or more, as far as pins allow. Resolves, once the files are removed, with whether anything was evicted. */
  makeRoom(wantedBytes: number): Promise<boolean>;
}

export type ClaimResult = { segment: Segment; claim?: undefined } | { segment?: undefined; claim: SegmentClaim };
