// The events of a subtitle track of a Matroska film: block by block where its cues list them, else by walking the clusters from
// header to header, past the bytes of picture and sound.
import { AppError } from '../../base/app-error.ts';
import { ID } from '../index/matroska/matroska-ids.ts';
import { readSegmentLayout, readTopLevel } from '../index/matroska/matroska-segment.ts';
import { parseInfo } from '../index/matroska/matroska-tracks.ts';
import { WindowedReader } from '../index/container/windowed-reader.ts';
import type { SubtitleEvent } from './cue.ts';
import type { FilmReaders } from './subtitle-readers.ts';
import { cuePlaces } from './matroska-cue-places.ts';
import { cuedEvents } from './matroska-cued-events.ts';
import type { Film, WantedTrack } from './matroska-source.ts';
import { parseSubtitleTrack, type MatroskaSubtitleTrack } from './matroska-track.ts';
import { walkedEvents } from './matroska-walked-events.ts';

const MEBIBYTE = 1024 * 1024;
const INFO = { id: ID.info, maxBytes: MEBIBYTE };
const TRACKS = { id: ID.tracks, maxBytes: 8 * MEBIBYTE };
/** A long film with every line in its cues has a quarter of this. */
const CUES = { id: ID.cues, maxBytes: 4 * MEBIBYTE };

export interface MatroskaEvents {
  track: MatroskaSubtitleTrack;
  events: AsyncIterable<SubtitleEvent>;
}

/** @throws AppError UNSUPPORTED_MEDIA when the track cannot be read, or only by loading all of the film; else what the reader throws */
export async function matroskaEvents(readers: FilmReaders, wanted: WantedTrack): Promise<MatroskaEvents> {
  const windowed = new WindowedReader(readers.dense);
  const layout = await readSegmentLayout(windowed);
  const tracks = layout && (await readTopLevel(windowed, layout, TRACKS));
  const track = parseSubtitleTrack(tracks, wanted.ordinal, wanted.maxEventBytes);
  if (!layout || !track)
    throw new AppError('UNSUPPORTED_MEDIA', 'The subtitles are packed in a way that cannot be read');
  const { timeBase } = parseInfo(await readTopLevel(windowed, layout, INFO));
  const film: Film = { ...readers, layout, track, timeBase, ...wanted };
  const cues = readers.dense.isSeekable ? await readTopLevel(windowed, layout, CUES) : undefined;
  const cued = cues ? await cuePlaces(cues, track.number, wanted.maxEvents) : [];
  // Clusters that hold a line somewhere are, taken together, the film.
  const places = wanted.mayWalk ? cued : cued.filter(({ inCluster }) => inCluster !== undefined);
  if (places.length > 0) return { track, events: cuedEvents(film, places) };
  if (!wanted.mayWalk) {
    throw new AppError(
      'UNSUPPORTED_MEDIA',
      'The film keeps no index of its subtitles: all of it would have to be loaded for them',
    );
  }
  return { track, events: walkedEvents(film, { at: layout.firstCluster ?? Infinity, end: Infinity }) };
}
