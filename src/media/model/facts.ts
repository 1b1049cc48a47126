// What the server knows of a source before playback: plain values, stored by source id.
import type { Rational } from '../../base/rational.ts';
import type { BytePositions } from './byte-positions.ts';
import type { Chapter, MediaDescription } from './description.ts';
import type { Origin, Splices } from './rendition-track.ts';

/** Where copied video may be cut. */
export interface KeyframeTable {
  /** Presentation timestamps in the video track's time base, ascending. */
  keyframes: number[];
  /** Constant rate on whose grid the container's rounded timestamps lie; undefined: timestamps are exact, or of variable rate. */
  frameGrid: Rational | undefined;
  /** Undefined when the container states none. */
  positions: BytePositions | undefined;
  /** Whether decoding can start at the verified keyframes. */
  startsClean: boolean;
  /** Whether an edit list hides frames that decoding needs. */
  isEdited: boolean;
  /** Whether the parameter sets change within the video, as far as it was read. */
  hasChanges: boolean;
  /** Whether packets lack presentation times. */
  hasUntimed: boolean;
}

export interface MediaFacts {
  description: MediaDescription;
  chapters: Chapter[];
  origin: Origin;
  /** From the start of the first to the end of the last track, video and audio. */
  durationSeconds: number;
  /** Presentation time of the first frame; undefined without video. */
  videoStartSeconds: number | undefined;
  /** End of the last frame; undefined without video. */
  videoSeconds: number | undefined;
  /** Undefined: the source has no index and is too costly to scan, so the video can only be transcoded. */
  table: KeyframeTable | undefined;
  /** Undefined: all streams keep their numbers, or the source is too costly to scan. */
  splices?: Splices | undefined;
}

/** Stored facts of another version are probed again. */
const FACTS_VERSION = 10;

/** The stored form of facts. */
export interface StoredFacts {
  version: number;
  facts: MediaFacts;
}

export function toStored(facts: MediaFacts): StoredFacts {
  return { version: FACTS_VERSION, facts };
}

/** Whether the value was stored by this version: older and newer versions write to the same store. */
export function isStoredFacts(value: unknown): value is StoredFacts {
  return (
    typeof value === 'object' &&
    value !== null &&
    'version' in value &&
    value.version === FACTS_VERSION &&
    'facts' in value
  );
}
