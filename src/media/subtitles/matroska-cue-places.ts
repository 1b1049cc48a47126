// Where the blocks of a subtitle track lie, as far as the film's cues say (RFC 9559 section 5.1.5.1).
import { parseElements, unsignedValue } from '../index/matroska-ebml.ts';
import { ID } from '../index/matroska-ids.ts';

export interface CuePlace {
  /** Segment ticks. */
  time: number;
  /** Byte of the cluster's header, from the start of the segment's data. */
  cluster: number;
  /** Byte of the block's header, from the start of the cluster's data; undefined: somewhere in the cluster. */
  inCluster: number | undefined;
  /** Segment ticks. */
  duration: number | undefined;
}

/** The places of that track's blocks in order of time, `limit` at most; empty when the cues do not list them. */
export function cuePlaces(cues: DataView, trackNumber: number, limit: number): CuePlace[] {
  const places: CuePlace[] = [];
  for (const { id, data } of parseElements(cues).elements) {
    if (id !== ID.cuePoint) continue;
    const { elements } = parseElements(data);
    const time = unsignedValue(elements.find((element) => element.id === ID.cueTime)?.data);
    if (time === undefined) continue;
    for (const element of elements) {
      const place = element.id === ID.cueTrackPositions ? placeOf(element.data, time, trackNumber) : undefined;
      if (place) places.push(place);
    }
    if (places.length > limit) break;
  }
  return places.slice(0, limit).sort((a, b) => a.time - b.time);
}

function placeOf(positions: DataView, time: number, trackNumber: number): CuePlace | undefined {
  const { elements } = parseElements(positions);
  const value = (id: number) => unsignedValue(elements.find((element) => element.id === id)?.data);
  const cluster = value(ID.cueClusterPosition);
  if (value(ID.cueTrack) !== trackNumber || cluster === undefined) return undefined;
  return { time, cluster, inCluster: value(ID.cueRelativePosition), duration: value(ID.cueDuration) };
}
