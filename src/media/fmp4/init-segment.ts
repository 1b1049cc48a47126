// The CMAF header (init section) of one track: `ftyp` and a `moov` without samples. Equal input gives equal bytes.
//
// The timeline starts at zero by construction, so there is no edit list: some players ignore edit lists in fragmented files.
// Track names are left out: playlists state them.
import { box, fourCharacters, fullBox, u32 } from './box.ts';
import { movieHeader, trackBox, type TrackShape } from './movie-boxes.ts';

export interface InitSegmentOptions {
  trackId: number;
  /** Ticks per second of `mdhd`; the runs of the media segments must use the same. */
  timescale: number;
  track: TrackShape;
}

/** Brands: iso6 for `tfdt` and default-base-is-moof; cmfc for CMAF; cmf2 because composition offsets are signed (ISO/IEC 23000-19 7.2, 7.7). */
const FILE_TYPE = box('ftyp', fourCharacters('iso6'), u32(0), fourCharacters('iso6cmfccmf2'));
const MOVIE_TIMESCALE = 1000;

/** The mandatory tables, empty. */
const NO_SAMPLES = [
  fullBox({ type: 'stts', version: 0, flags: 0 }, u32(0)),
  fullBox({ type: 'stsc', version: 0, flags: 0 }, u32(0)),
  fullBox({ type: 'stsz', version: 0, flags: 0 }, u32(0, 0)),
  fullBox({ type: 'stco', version: 0, flags: 0 }, u32(0)),
];

/**
 * The init section of one track.
 * @throws AppError UNSUPPORTED_MEDIA for a codec without a mapping, NOT_MEDIA for a configuration that does not fit its codec
 */
export function initSegment({ trackId, timescale, track }: InitSegmentOptions): Buffer {
  const movieExtends = box('mvex', fullBox({ type: 'trex', version: 0, flags: 0 }, u32(trackId, 1, 0, 0, 0)));
  const trak = trackBox({
    trackId,
    duration: 0,
    edits: [],
    media: { timescale, duration: 0 },
    track,
    tables: NO_SAMPLES,
  });
  const header = movieHeader({ timescale: MOVIE_TIMESCALE, duration: 0, nextTrackId: trackId + 1 });
  return Buffer.concat([FILE_TYPE, box('moov', header, trak, movieExtends)]);
}
