// The index of an MP4 or QuickTime file, from its `moov` box alone, at any position in the file.
import { MIB } from '../../../base/units.ts';
import { AppError } from '../../../base/app-error.ts';
import type { ByteReader, ContainerIndex, VideoIndex } from '../container/container-index.ts';
import { mp4KeyframeHeads } from './mp4-keyframe-heads.ts';
import { BOX_HEADER_BYTES, parseBoxHeader } from './mp4-boxes.ts';
import { readMp4Chapters } from './mp4-chapters.ts';
import { editedEnd } from './mp4-edit-list.ts';
import { editedPieces } from './mp4-edited-pieces.ts';
import { parseMovie, type Mp4Movie, type Mp4Track } from './mp4-movie.ts';
import { rangesOfSamples } from './mp4-sample-ranges.ts';
import { sampleTimes, syncSamples } from './mp4-sample-times.ts';
import { editContext, indexVideoTrack, videoTrack } from './mp4-video-index.ts';
import { WindowedReader } from '../container/windowed-reader.ts';

const MAX_MOVIE_BYTES = 64 * MIB;
/** The most top-level boxes, since each may cost a read. */
const MAX_TOP_LEVEL_BOXES = 4096;
const HEADER_WINDOW_BYTES = 4096;

/**
 * Reads `moov` (at most 64 MiB) and the samples of a chapter track, no other bytes of the file (ISO/IEC 14496-12).
 * `video` is undefined for a fragmented file and for edit lists that present several pieces. Undefined: no complete `moov` was found.
 * @throws AppError NOT_MEDIA when the file ends before its `moov`; what the reader throws
 */
export async function readMp4Index(reader: ByteReader): Promise<ContainerIndex | undefined> {
  const windowed = new WindowedReader(reader);
  const movie = await readMovie(windowed);
  if (!movie) return undefined;
  const track = videoTrack(movie, reader.sizeBytes);
  return {
    container: 'mp4',
    durationSeconds: movie.durationSeconds,
    video: track && readVideoIndex(reader, movie, track),
    chapters: await readMp4Chapters(movie, windowed),
    ends: endsOf(movie),
    ...piecesOf(movie, track, reader.sizeBytes),
  };
}

function piecesOf(
  movie: Mp4Movie,
  video: Mp4Track | undefined,
  sizeBytes: number | undefined,
): Pick<ContainerIndex, 'pieces'> {
  if (movie.isFragmented) return {};
  const edited = movie.tracks.filter((each) => each.edits.length > 1 && (each === video || each.handler === 'soun'));
  const found = edited.flatMap((track): NonNullable<ContainerIndex['pieces']> => {
    const times = sampleTimes(track.tables, sizeBytes);
    const isSync = times && syncSamples(track.tables, times.count);
    const pieces = isSync ? editedPieces({ ...editContext(movie, track), times, isSync }, track.tables) : [];
    return pieces.length ? [[track.index, pieces]] : [];
  });
  return found.length ? { pieces: found } : {};
}

function endsOf(movie: Mp4Movie): Map<number, number> {
  const ends = new Map<number, number>();
  for (const track of movie.isFragmented ? [] : movie.tracks.filter(({ handler }) => handler === 'soun')) {
    const end = editedEnd({ ...editContext(movie, track), durationSeconds: track.durationSeconds });
    if (end !== undefined) ends.set(track.index, end);
  }
  return ends;
}

function readVideoIndex(reader: ByteReader, movie: Mp4Movie, track: Mp4Track): VideoIndex | undefined {
  const indexed = indexVideoTrack(movie, track, reader.sizeBytes);
  if (!indexed) return undefined;
  const { keyframeSamples, ...index } = indexed;
  const rangesOf = (keyframes: readonly number[]) =>
    rangesOfSamples(
      track.tables,
      keyframes.map((keyframe) => keyframeSamples[index.keyframes.indexOf(keyframe)] ?? -1),
    );
  return { ...index, readHeads: mp4KeyframeHeads(reader, rangesOf) };
}

/** @throws AppError NOT_MEDIA when the file ends before its `moov`; what the reader throws */
export async function readMovie(reader: WindowedReader): Promise<Mp4Movie | undefined> {
  const moov = await readMovieBox(reader);
  return moov && parseMovie(moov);
}

async function readMovieBox(reader: WindowedReader): Promise<DataView | undefined> {
  let offset = 0;
  for (let boxes = 0; boxes < MAX_TOP_LEVEL_BOXES; boxes++) {
    const header = parseBoxHeader(await reader.read(offset, BOX_HEADER_BYTES, HEADER_WINDOW_BYTES));
    if (!header) return assertNotCutOff(offset, reader.sizeBytes);
    if (header.type === 'moov') {
      const sizeBytes = header.sizeBytes ?? (reader.sizeBytes ?? Infinity) - offset;
      return readPayload(reader, offset + header.headerBytes, sizeBytes - header.headerBytes);
    }
    // `moov` precedes the first fragment, and no box follows a box without a size.
    if (header.sizeBytes === undefined || header.type === 'moof') return undefined;
    offset += header.sizeBytes;
  }
  return undefined;
}

/** Refuses interrupted downloads: the media is present, but the index at the end is missing. @throws AppError NOT_MEDIA */
function assertNotCutOff(offset: number, sizeBytes: number | undefined): undefined {
  if (sizeBytes !== undefined && offset > sizeBytes)
    throw new AppError('NOT_MEDIA', 'The file is incomplete: its end is missing, and with it the index');
}

/** Undefined for a box that is truncated by the end of the file, because partial tables would give wrong results. */
async function readPayload(reader: WindowedReader, start: number, length: number): Promise<DataView | undefined> {
  if (length > MAX_MOVIE_BYTES) return undefined;
  const payload = await reader.read(start, length);
  return payload.byteLength === length ? payload : undefined;
}
