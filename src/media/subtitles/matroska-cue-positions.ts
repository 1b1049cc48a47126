// The positions of the blocks of a subtitle track, by the cues of the source (RFC 9559 section 5.1.5.1).
import { walkCues, type CuePosition } from '../index/matroska/matroska-cue-points.ts';

export interface SubtitleCue extends CuePosition {
  cluster: number;
}

/** The cues of a track in order of time, at most the first `limit`; empty when the cues do not list the track. */
export async function subtitleCues(element: DataView, trackNumber: number, limit: number): Promise<SubtitleCue[]> {
  const cues: SubtitleCue[] = [];
  await walkCues(element, trackNumber, (position) => {
    const { cluster } = position;
    if (cluster !== undefined) cues.push({ ...position, cluster });
    return cues.length < limit;
  });
  return cues.sort((a, b) => a.time - b.time);
}
