// The CMAF header (init section) of one track: `ftyp` and a `moov` without samples. Equal input gives equal bytes.
//
// The timeline starts at zero by construction; an edit list only takes back what the composition offsets were raised by.
// Neutral on language and names: the playlists say those.
import type { Rational } from '../../base/rational.ts';
import { type AudioShape, audioSampleEntry } from './audio-sample-entry.ts';
import { box, fourCharacters, fullBox, u16, u32, zeros } from './box.ts';
import { type VideoShape, videoSampleEntry } from './video-sample-entry.ts';

export interface InitSegmentOptions {
  trackId: number;
  /** What the media segments add to every composition offset, ticks; an edit list takes it away again. Default 0. */
  compositionShift?: number;
  /** Ticks per second of `mdhd`; the runs of the media segments must use the same. */
  timescale: number;
  track: ({ kind: 'video' } & VideoShape) | ({ kind: 'audio' } & AudioShape);
}

/** Brands: iso6 for `tfdt` and default-base-is-moof; cmfc for CMAF; cmf2 because composition offsets are signed (ISO/IEC 23000-19 7.2, 7.7). */
const FILE_TYPE = box('ftyp', fourCharacters('iso6'), u32(0), fourCharacters('iso6cmfccmf2'));
const IDENTITY_MATRIX = u32(0x00010000, 0, 0, 0, 0x00010000, 0, 0, 0, 0x40000000);
const LANGUAGE_UND = 0x55c4;
const MOVIE_TIMESCALE = 1000;

/**
 * The init section of one track.
 * @throws AppError UNSUPPORTED_MEDIA for a codec that has no mapping here, NOT_MEDIA for a configuration that does not fit its codec
 */
export function initSegment(options: InitSegmentOptions): Buffer {
  const { trackId } = options;
  const movieHeader = fullBox(
    { type: 'mvhd', version: 0, flags: 0 },
    u32(0, 0, MOVIE_TIMESCALE, 0, 0x00010000),
    u16(0x0100, 0),
    zeros(8),
    IDENTITY_MATRIX,
    zeros(24),
    u32(trackId + 1),
  );
  const movieExtends = box('mvex', fullBox({ type: 'trex', version: 0, flags: 0 }, u32(trackId, 1, 0, 0, 0)));
  return Buffer.concat([FILE_TYPE, box('moov', movieHeader, trackBox(options), movieExtends)]);
}

function trackBox({ trackId, timescale, track, compositionShift = 0 }: InitSegmentOptions): Buffer {
  const isVideo = track.kind === 'video';
  const header = fullBox(
    { type: 'tkhd', version: 0, flags: 3 }, // enabled, in movie
    u32(0, 0, trackId, 0, 0),
    zeros(8),
    u16(0, 0, isVideo ? 0 : 0x0100, 0),
    IDENTITY_MATRIX,
    isVideo ? u32(fixedPoint(shownWidth(track.width, track.sampleAspectRatio)), fixedPoint(track.height)) : zeros(8),
  );
  const mediaHeader = fullBox({ type: 'mdhd', version: 0, flags: 0 }, u32(0, 0, timescale, 0), u16(LANGUAGE_UND, 0));
  const handler = fullBox(
    { type: 'hdlr', version: 0, flags: 0 },
    u32(0),
    fourCharacters(isVideo ? 'vide' : 'soun'),
    zeros(12),
    zeros(1),
  );
  const typeHeader = isVideo
    ? fullBox({ type: 'vmhd', version: 0, flags: 1 }, zeros(8))
    : fullBox({ type: 'smhd', version: 0, flags: 0 }, zeros(4));
  const sameFile = fullBox({ type: 'url ', version: 0, flags: 1 });
  const dataInformation = box('dinf', fullBox({ type: 'dref', version: 0, flags: 0 }, u32(1), sameFile));
  const entry = isVideo ? videoSampleEntry(track) : audioSampleEntry(track);
  return box(
    'trak',
    header,
    ...(compositionShift > 0 ? [editList(compositionShift)] : []),
    box('mdia', mediaHeader, handler, box('minf', typeHeader, dataInformation, sampleTable(entry))),
  );
}

/** The presentation begins `mediaTime` ticks into the media (ISO/IEC 14496-12 8.6.6, duration 0: to the end of all fragments). */
function editList(mediaTime: number): Buffer {
  return box('edts', fullBox({ type: 'elst', version: 0, flags: 0 }, u32(1, 0, mediaTime, 0x00010000)));
}

/** `stbl` with the one sample entry and the tables that must be there, empty. */
function sampleTable(entry: Buffer): Buffer {
  return box(
    'stbl',
    fullBox({ type: 'stsd', version: 0, flags: 0 }, u32(1), entry),
    fullBox({ type: 'stts', version: 0, flags: 0 }, u32(0)),
    fullBox({ type: 'stsc', version: 0, flags: 0 }, u32(0)),
    fullBox({ type: 'stsz', version: 0, flags: 0 }, u32(0, 0)),
    fullBox({ type: 'stco', version: 0, flags: 0 }, u32(0)),
  );
}

/** Width on a screen with square pixels. */
function shownWidth(width: number, ratio: Rational): number {
  return ratio.num > 0 && ratio.den > 0 ? (width * ratio.num) / ratio.den : width;
}

/** 16.16 */
function fixedPoint(value: number): number {
  return Math.min(0xffffffff, Math.round(value * 0x10000));
}
