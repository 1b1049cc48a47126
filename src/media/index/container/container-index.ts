// What a container's own tables tell without reading the film: where the keyframes are, when the tracks end, the chapters.
import type { ByteRange } from '../../../base/byte-range.ts';
import type { Rational } from '../../../base/rational.ts';
import type { BytePositions } from '../../model/byte-positions.ts';
import type { Chapter } from '../../model/description.ts';

/** Reads `[start, end)`, shorter only at the end. The index parsers see sources through this alone. */
export interface ByteReader {
  /** Undefined while nobody knows. */
  readonly sizeBytes: number | undefined;
  /** False: a read far ahead waits for all the bytes before it. */
  readonly isSeekable: boolean;
  read(range: ByteRange): Promise<Uint8Array>;
}

/** Times are presentation timestamps as libavformat's demuxer reports them (edit lists applied), in ticks of `timeBase`. */
export interface VideoIndex {
  /** Place of the track among all of the film's, as libavformat counts them. */
  streamIndex: number;
  timeBase: Rational;
  /** Ascending; one entry for every keyframe the container lists. */
  keyframes: number[];
  /**
   * Smallest timestamp among the frames from this keyframe (decode order) up to the next one; equals `keyframes[i]` for a closed GOP.
   * Undefined when the container does not tell (Matroska).
   */
  gopStarts: number[] | undefined;
  /** The first frame that is shown; undefined: the first keyframe. */
  startTicks: number | undefined;
  /** End of the last frame that is shown; undefined when the container does not tell. */
  endTicks: number | undefined;
  /** Whether an edit list hides frames that are delivered. */
  isEdited: boolean;
  /** Undefined where the tables do not tell. */
  positions: BytePositions | undefined;
  /** True: the file ends before the film does, and so does this index. */
  isCutShort: boolean;
  /** True: ticks are the film's own (MP4). False: rounded to the container's clock (Matroska milliseconds). */
  isExact: boolean;
  /** Constant frame rate the container states, if any. */
  frameRate: Rational | undefined;
  /** Number of frames; undefined when the container does not tell. */
  frameCount: number | undefined;
  /** Whether the container's own tables say that the coding changes on the way. */
  hasChanges: boolean;
  /** Undefined where frames are packed in a way that only a demuxer undoes. */
  readHeads: ReadKeyframeHeads | undefined;
}

/** Parameter sets and messages come before the picture: kilobytes at most. */
export const KEYFRAME_HEAD_BYTES = 8 * 1024;

/**
 * Reads the first kilobytes of keyframes of the list, as the container stores them; undefined for one that is not where its tables say.
 * Errors are the reader's own.
 */
export type ReadKeyframeHeads = (keyframes: readonly number[]) => Promise<(Uint8Array | undefined)[]>;

export interface ContainerIndex {
  container: 'mp4' | 'matroska' | 'mpegts';
  /** The presentation's duration as stated by the container; undefined when it is not. */
  durationSeconds: number | undefined;
  /** Undefined: no video track, or no index of it (a packet scan is needed). */
  video: VideoIndex | undefined;
  chapters: Chapter[];
  /** Where sound ends by its edit lists, seconds from the beginning of the movie, by stream; MP4 only. */
  ends?: ReadonlyMap<number, number>;
  /** Streams that belong together, by their packet ids; undefined where all tracks of a source do. */
  programmes?: ReadonlySet<number>[];
}
