// Everything the server knows of a source before it plays it: plain values, kept by source id.
import type { Rational } from '../../base/rational.ts';
import type { BytePositions } from './byte-positions.ts';
import type { Chapter, MediaDescription } from './description.ts';
import type { Origin, Splices } from './rendition-track.ts';

/** Where copied video may be cut. */
export interface KeyframeTable {
  /** Presentation timestamps in the video track's time base, ascending. */
  keyframes: number[];
  /** Constant rate on whose grid the container's rounded timestamps lie; undefined: they are exact as they are, or of variable rate. */
  frameGrid: Rational | undefined;
  /** Undefined where the container does not tell. */
  positions: BytePositions | undefined;
  /** Whether decoding can start at the keyframes looked at. */
  startsClean: boolean;
  /** Whether an edit list hides pictures that decoding needs. */
  isEdited: boolean;
  /** Whether the video goes on under other parameter sets on the way, as far as it was looked at. */
  hasChanges: boolean;
  /** Whether pictures do not say when they are shown. */
  hasUntimed: boolean;
}

export interface MediaFacts {
  description: MediaDescription;
  chapters: Chapter[];
  origin: Origin;
  /** From the beginning of the first track to the end of the last one, video and audio. */
  durationSeconds: number;
  /** Where the first picture is due; undefined without video. */
  videoStartSeconds: number | undefined;
  /** End of the last frame; undefined without video. */
  videoSeconds: number | undefined;
  /** Undefined: no index and too dear to scan; the video can only be transcoded. */
  table: KeyframeTable | undefined;
  /** Undefined: all streams keep their numbers, or it is too dear to look. */
  splices?: Splices | undefined;
}

/** Facts in the store that were written by another version are made again. */
const FACTS_VERSION = 9;

/** Facts as they are stored. */
export interface StoredFacts {
  version: number;
  facts: MediaFacts;
}

export function toStored(facts: MediaFacts): StoredFacts {
  return { version: FACTS_VERSION, facts };
}

/** The store holds what we wrote, or what an older or newer version wrote. */
export function isStoredFacts(value: unknown): value is StoredFacts {
  return (
    typeof value === 'object' &&
    value !== null &&
    'version' in value &&
    value.version === FACTS_VERSION &&
    'facts' in value
  );
}
