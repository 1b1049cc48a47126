// Where the blocks of a subtitle track lie, as far as the film's cues say (RFC 9559 section 5.1.5.1).
import { walkCues, type CuePosition } from '../index/matroska/matroska-cue-points.ts';

export interface CuePlace extends CuePosition {
  cluster: number;
}

/** The places of that track's blocks in order of time, the first `limit` at most; empty when the cues do not list them. */
export async function cuePlaces(cues: DataView, trackNumber: number, limit: number): Promise<CuePlace[]> {
  const places: CuePlace[] = [];
  await walkCues(cues, trackNumber, (position) => {
    const { cluster } = position;
    if (cluster !== undefined) places.push({ ...position, cluster });
    return places.length < limit;
  });
  return places.sort((a, b) => a.time - b.time);
}
