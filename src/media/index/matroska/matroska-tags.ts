// The actual duration of a track, from the statistics that muxers write into the tags of a Matroska source.
import { childrenOf, identityOf, textValue } from './matroska-ebml.ts';
import { ID } from './matroska-ids.ts';

export interface TrackDuration {
  /** Seconds. */
  seconds: number;
  /** True: from the track's first frame (mkvmerge). False: from zero (libavformat). */
  isFromFirstFrame: boolean;
}

/** The DURATION tag of the track with that TrackUID ("00:01:00.040000000"); undefined when there is none. */
export function parseTrackDuration(tags: DataView | undefined, trackUid: string): TrackDuration | undefined {
  for (const tag of childrenOf(tags, ID.tag)) {
    const targets = childrenOf(tag, ID.targets)[0];
    if (!childrenOf(targets, ID.tagTrackUid).some((uid) => identityOf(uid) === trackUid)) continue;
    const values = new Map(childrenOf(tag, ID.simpleTag).map((simple) => [textOf(simple, ID.tagName), simple]));
    const duration = values.get('DURATION');
    const seconds = duration && parseClock(textOf(duration, ID.tagString));
    if (seconds !== undefined) return { seconds, isFromFirstFrame: values.has('_STATISTICS_WRITING_APP') };
  }
  return undefined;
}

function textOf(view: DataView, id: number): string {
  return textValue(childrenOf(view, id)[0]) ?? '';
}

function parseClock(text: string): number | undefined {
  const [, hours, minutes, seconds] = /^(\d{1,4}):(\d\d):(\d\d(?:\.\d{1,9})?)$/.exec(text.trim()) ?? [];
  if (seconds === undefined) return undefined;
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}
