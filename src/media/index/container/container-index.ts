// The index of a container, from its own tables: keyframes, ends of tracks and chapters, without reading the media.
import type { ByteRange } from '../../../base/byte-range.ts';
import type { Rational } from '../../../base/rational.ts';
import type { BytePositions } from '../../model/byte-positions.ts';
import type { Chapter } from '../../model/description.ts';
import type { Splices } from '../../model/rendition-track.ts';

/** Reads bytes `[start, end)`, fewer only at the end. Index parsers read sources through this interface alone. */
export interface ByteReader {
  /** Undefined while unknown. */
  readonly sizeBytes: number | undefined;
  /** False: a read far ahead waits for all bytes before it. */
  readonly isSeekable: boolean;
  read(range: ByteRange): Promise<Uint8Array>;
}

/** Times are presentation timestamps as libavformat's demuxer reports them (edit lists applied), in ticks of `timeBase`. */
export interface VideoIndex {
  /** Index of the track among all tracks, as libavformat counts them. */
  streamIndex: number;
  timeBase: Rational;
  /** Ascending; one entry for every keyframe that the container lists. */
  keyframes: number[];
  /**
   * Smallest timestamp among the frames from this keyframe (decode order) up to the next one; equals `keyframes[i]` for a closed GOP.
   * Undefined when the container does not state it (Matroska).
   */
  gopStarts: number[] | undefined;
  /** Start of the first presented frame; undefined: the first keyframe. */
  startTicks: number | undefined;
  /** End of the last presented frame; undefined when the container does not state it. */
  endTicks: number | undefined;
  /** Whether an edit list hides frames that the demuxer delivers. */
  isEdited: boolean;
  /** Undefined when the tables do not state them. */
  positions: BytePositions | undefined;
  /** True: the file is truncated, and this index ends with the file. */
  isCutShort: boolean;
  /** True: ticks are the exact times (MP4). False: they are rounded to the container's clock (Matroska milliseconds). */
  isExact: boolean;
  /** The constant frame rate that the container states, if any. */
  frameRate: Rational | undefined;
  /** Number of frames; undefined when the container does not state it. */
  frameCount: number | undefined;
  /** Whether the container's own tables state that the coding changes within the track. */
  hasChanges: boolean;
  /** Undefined when frames are packed in a way that only a demuxer can unpack. */
  readHeads: ReadKeyframeHeads | undefined;
}

/** Parameter sets and messages precede the picture: kilobytes at most. */
export const KEYFRAME_HEAD_BYTES = 8 * 1024;

/**
 * Reads the first kilobytes of listed keyframes, as the container stores them; undefined for a keyframe that is not at the position in the tables.
 * @throws what the reader throws
 */
export type ReadKeyframeHeads = (keyframes: readonly number[]) => Promise<(Uint8Array | undefined)[]>;

export interface ContainerIndex {
  container: 'mp4' | 'matroska' | 'mpegts';
  /** The duration that the container states; undefined when it states none. */
  durationSeconds: number | undefined;
  /** Undefined: no video track, or no index of it (a packet scan is needed). */
  video: VideoIndex | undefined;
  chapters: Chapter[];
  /** Ends of audio tracks by their edit lists, seconds from the beginning of the movie, by stream; MP4 only. */
  ends?: ReadonlyMap<number, number>;
  /** Tracks whose edit list presents several pieces; MP4 only. */
  pieces?: Splices['pieces'];
  /** The streams of each programme, by packet id; undefined when all tracks belong together. */
  programmes?: ReadonlySet<number>[];
}
