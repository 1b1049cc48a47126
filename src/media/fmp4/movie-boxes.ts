// The boxes of every `moov`, with or without samples (ISO/IEC 14496-12 clause 8). Track names are left out.
// Equal input gives equal bytes.
import type { Rational } from '../../base/rational.ts';
import { type AudioShape, audioSampleEntry } from './audio-sample-entry.ts';
import { box, fourCharacters, fullBox, u16, u32, zeros } from './box.ts';
import { packedLanguage } from './language-code.ts';
import { type VideoShape, videoSampleEntry } from './video-sample-entry.ts';

/** The properties of a track. `language`: as containers state it. */
export type TrackShape = ({ kind: 'video' } & VideoShape) | ({ kind: 'audio'; language?: string } & AudioShape);

const IDENTITY_MATRIX = u32(0x00010000, 0, 0, 0, 0x00010000, 0, 0, 0, 0x40000000);

/** `mvhd`; the duration in ticks of `timescale`, 0 if fragments follow. */
export function movieHeader(movie: { timescale: number; duration: number; nextTrackId: number }): Buffer {
  return fullBox(
    { type: 'mvhd', version: 0, flags: 0 },
    u32(0, 0, movie.timescale, movie.duration, 0x00010000),
    u16(0x0100, 0),
    zeros(8),
    IDENTITY_MATRIX,
    zeros(24),
    u32(movie.nextTrackId),
  );
}

export interface TrackBoxOptions {
  trackId: number;
  /** Ticks of the movie's timescale. */
  duration: number;
  /** `edts`, or empty. */
  edits: Buffer[];
  media: { timescale: number; duration: number };
  track: TrackShape;
  /** The boxes after `stsd` in `stbl`. */
  tables: Buffer[];
}

/** `trak`. @throws AppError UNSUPPORTED_MEDIA for a codec without a mapping, NOT_MEDIA for a configuration that does not fit its codec */
export function trackBox({ trackId, duration, edits, media, track, tables }: TrackBoxOptions): Buffer {
  const isVideo = track.kind === 'video';
  const header = fullBox(
    { type: 'tkhd', version: 0, flags: 3 }, // enabled, in movie
    u32(0, 0, trackId, 0, duration),
    zeros(8),
    u16(0, 0, isVideo ? 0 : 0x0100, 0),
    IDENTITY_MATRIX,
    isVideo ? u32(fixedPoint(shownWidth(track.width, track.sampleAspectRatio)), fixedPoint(track.height)) : zeros(8),
  );
  const mediaHeader = fullBox(
    { type: 'mdhd', version: 0, flags: 0 },
    u32(0, 0, media.timescale, media.duration),
    u16(packedLanguage(isVideo ? '' : (track.language ?? '')), 0),
  );
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
  const description = fullBox({ type: 'stsd', version: 0, flags: 0 }, u32(1), entry);
  const information = box('minf', typeHeader, dataInformation, box('stbl', description, ...tables));
  return box('trak', header, ...edits, box('mdia', mediaHeader, handler, information));
}

/** `edts`: the presentation begins `mediaTime` ticks into the media; `duration` in the movie's ticks, 0: to the end of all fragments (8.6.6). */
export function editList({ duration, mediaTime }: { duration: number; mediaTime: number }): Buffer {
  return box('edts', fullBox({ type: 'elst', version: 0, flags: 0 }, u32(1, duration, mediaTime, 0x00010000)));
}

/** Display width in square pixels. */
function shownWidth(width: number, ratio: Rational): number {
  return ratio.num > 0 && ratio.den > 0 ? (width * ratio.num) / ratio.den : width;
}

/** A fixed-point number, 16.16. */
function fixedPoint(value: number): number {
  return Math.min(0xffffffff, Math.round(value * 0x10000));
}
