// The events of a subtitle track of a Matroska source: block by block if its cues list them, else by walking the clusters from header to header
// without reading video and audio.
import { MIB } from '../../base/units.ts';
import { AppError } from '../../base/app-error.ts';
import { ID } from '../index/matroska/matroska-ids.ts';
import { readSegmentLayout, readTopLevel } from '../index/matroska/matroska-segment.ts';
import { parseInfo } from '../index/matroska/matroska-tracks.ts';
import { WindowedReader } from '../index/container/windowed-reader.ts';
import type { SubtitleEvent } from './cue.ts';
import type { SubtitleReaders } from './subtitle-readers.ts';
import { subtitleCues } from './matroska-cue-positions.ts';
import { cuedEvents } from './matroska-cued-events.ts';
import type { MatroskaSource, WantedTrack } from './matroska-source.ts';
import { parseSubtitleTrack, type MatroskaSubtitleTrack } from './matroska-track.ts';
import { walkedEvents } from './matroska-walked-events.ts';

const INFO = { id: ID.info, maxBytes: MIB };
const TRACKS = { id: ID.tracks, maxBytes: 8 * MIB };
/** The cues of a long film that list every subtitle event take a quarter of this. */
const CUES = { id: ID.cues, maxBytes: 4 * MIB };

export interface MatroskaEvents {
  track: MatroskaSubtitleTrack;
  events: AsyncIterable<SubtitleEvent>;
}

/** @throws AppError UNSUPPORTED_MEDIA when the track cannot be read, or only by loading the whole source; else what the reader throws */
export async function matroskaEvents(readers: SubtitleReaders, wanted: WantedTrack): Promise<MatroskaEvents> {
  const windowed = new WindowedReader(readers.dense);
  const layout = await readSegmentLayout(windowed);
  const tracks = layout && (await readTopLevel(windowed, layout, TRACKS));
  const track = parseSubtitleTrack(tracks, wanted.ordinal, wanted.maxEventBytes);
  if (!layout || !track)
    throw new AppError('UNSUPPORTED_MEDIA', 'The subtitles are packed in a way that cannot be read');
  const { timeBase } = parseInfo(await readTopLevel(windowed, layout, INFO));
  const source: MatroskaSource = { ...readers, layout, track, timeBase, ...wanted };
  const cues = readers.dense.isSeekable ? await readTopLevel(windowed, layout, CUES) : undefined;
  const cued = cues ? await subtitleCues(cues, track.number, wanted.maxEvents) : [];
  // Clusters with a subtitle event together make up almost the whole source.
  const positions = wanted.mayWalk ? cued : cued.filter(({ inCluster }) => inCluster !== undefined);
  if (positions.length > 0) return { track, events: cuedEvents(source, positions) };
  if (!wanted.mayWalk) {
    throw new AppError(
      'UNSUPPORTED_MEDIA',
      'The film keeps no index of its subtitles: all of it would have to be loaded for them',
    );
  }
  return { track, events: walkedEvents(source, { at: layout.firstCluster ?? Infinity, end: Infinity }) };
}
