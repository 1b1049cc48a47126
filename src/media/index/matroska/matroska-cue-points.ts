// Walks the cues of a Matroska source, which may be long and hostile, without blocking the event loop (RFC 9559 section 5.1.5.1).
import { setImmediate as othersTurn } from 'node:timers/promises';
import { childSpans, unsignedAt, type ElementSpan } from './matroska-ebml.ts';
import { ID } from './matroska-ids.ts';

/** The position of one track in a cue point. */
export interface CuePosition {
  /** Segment ticks. */
  time: number;
  /** Byte of the cluster's header, from the start of the segment's data. */
  cluster: number | undefined;
  /** Byte of the block's header, from the start of the cluster's data; undefined: somewhere in the cluster. */
  inCluster: number | undefined;
  /** Segment ticks. */
  duration: number | undefined;
}

/** The maximum size of a cue point, which has about thirty bytes for each track. */
const MAX_POINT_BYTES = 16 * 1024;
/** Bytes per turn of the event loop: a few milliseconds of work with any content. */
const TURN_BYTES = 32 * 1024;
/** The most elements of a walk: regular sources have fewer. */
const MAX_ELEMENTS = 1_000_000;

/**
 * Calls `found` for each position of the track, in the order of the element, until it returns false. Yields to other work regularly.
 * Resolves with whether the whole element was walked and undamaged.
 */
export async function walkCues(
  cues: DataView,
  trackNumber: number,
  found: (position: CuePosition) => boolean,
): Promise<boolean> {
  let [at, elements, turnAt] = [0, 0, TURN_BYTES];
  for (const child of childSpans(cues, { start: 0, end: cues.byteLength })) {
    elements += 1;
    if (elements > MAX_ELEMENTS) return false;
    if (child.id === ID.cuePoint && child.end - child.start <= MAX_POINT_BYTES) {
      for (const position of positionsOf(cues, child, trackNumber)) if (!found(position)) return false;
    }
    at = child.end;
    if (at >= turnAt) {
      await othersTurn();
      turnAt = at + TURN_BYTES;
    }
  }
  return at === cues.byteLength;
}

function positionsOf(cues: DataView, point: ElementSpan, trackNumber: number): CuePosition[] {
  let time: number | undefined;
  const positions: Omit<CuePosition, 'time'>[] = [];
  for (const child of childSpans(cues, point)) {
    if (child.id === ID.cueTime) time = unsignedAt(cues, child);
    const position = child.id === ID.cueTrackPositions ? positionOf(cues, child, trackNumber) : undefined;
    if (position) positions.push(position);
  }
  return time === undefined ? [] : positions.map((position) => ({ time: time ?? 0, ...position }));
}

/** The position of the track; undefined for another track. */
function positionOf(
  cues: DataView,
  positions: ElementSpan,
  trackNumber: number,
): Omit<CuePosition, 'time'> | undefined {
  let isOurs = false;
  const position: Omit<CuePosition, 'time'> = { cluster: undefined, inCluster: undefined, duration: undefined };
  for (const child of childSpans(cues, positions)) {
    if (child.id === ID.cueTrack) isOurs = unsignedAt(cues, child) === trackNumber;
    if (child.id === ID.cueClusterPosition) position.cluster = unsignedAt(cues, child);
    if (child.id === ID.cueRelativePosition) position.inCluster = unsignedAt(cues, child);
    if (child.id === ID.cueDuration) position.duration = unsignedAt(cues, child);
  }
  return isOurs ? position : undefined;
}
