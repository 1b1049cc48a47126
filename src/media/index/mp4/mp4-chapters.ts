// Chapters of an MP4 file: Nero's list inside `moov`, or a QuickTime text track whose samples lie in the media data.
import type { Chapter } from '../../model/description.ts';
import { uint64 } from './mp4-boxes.ts';
import { deliveredSamples } from './mp4-edit-list.ts';
import type { Mp4Movie, Mp4Track } from './mp4-movie.ts';
import { sampleRanges } from './mp4-sample-ranges.ts';
import { sampleTimes } from './mp4-sample-times.ts';
import { editContext } from './mp4-video-index.ts';
import type { WindowedReader } from '../container/windowed-reader.ts';

const NERO_TICKS_PER_SECOND = 10_000_000;
/** Nero's count has one byte: a list of 255 may be incomplete. */
const NERO_MAX_CHAPTERS = 255;
const MAX_CHAPTERS = 1000;
const MAX_TITLE_BYTES = 4096;

/** The movie's chapters in order; empty when there are none. Nero's list is preferred, because it needs no reads of the media data. */
export async function readMp4Chapters(movie: Mp4Movie, reader: WindowedReader): Promise<Chapter[]> {
  const nero = movie.neroChapters ? parseNeroChapters(movie.neroChapters, movie.durationSeconds) : [];
  if (nero.length > 0 && nero.length < NERO_MAX_CHAPTERS) return nero;
  const quickTime = await readTextTrack(movie, reader);
  return quickTime.length > 0 ? quickTime : nero;
}

function parseNeroChapters(view: DataView, durationSeconds: number | undefined): Chapter[] {
  const starts: { startSeconds: number; title: string }[] = [];
  const countAt = view.byteLength > 0 && view.getUint8(0) === 0 ? 4 : 8;
  const count = view.byteLength > countAt ? view.getUint8(countAt) : 0;
  let at = countAt + 1;
  while (starts.length < count && at + 9 <= view.byteLength) {
    const startSeconds = uint64(view, at) / NERO_TICKS_PER_SECOND;
    const length = Math.min(view.getUint8(at + 8), view.byteLength - at - 9);
    starts.push({ startSeconds, title: decodeText(view, at + 9, length) });
    at += 9 + length;
  }
  return starts.map(({ startSeconds, title }, i) => {
    const next = starts[i + 1]?.startSeconds ?? durationSeconds ?? startSeconds;
    return { startSeconds, endSeconds: Math.max(startSeconds, next), title };
  });
}

async function readTextTrack(movie: Mp4Movie, reader: WindowedReader): Promise<Chapter[]> {
  const ids = new Set(movie.tracks.flatMap((track) => track.chapterTrackIds));
  const track = movie.tracks.find(({ id, handler }) => ids.has(id) && (handler === 'text' || handler === 'sbtl'));
  const spans = track && sampleSpans(movie, track, reader.sizeBytes);
  const ranges = track && sampleRanges(track.tables, MAX_CHAPTERS);
  const chapters: Chapter[] = [];
  for (const [i, range] of (ranges ?? []).entries()) {
    const span = spans?.[i];
    if (!span) break;
    const length = Math.min(range.end - range.start, MAX_TITLE_BYTES);
    const title = decodeTextSample(await reader.read(range.start, length, MAX_TITLE_BYTES));
    if (title !== undefined) chapters.push({ ...span, title });
  }
  return chapters;
}

function sampleSpans(
  movie: Mp4Movie,
  track: Mp4Track,
  sizeBytes: number | undefined,
): { startSeconds: number; endSeconds: number }[] | undefined {
  const times = sampleTimes(track.tables, sizeBytes);
  if (!times || times.count > MAX_CHAPTERS) return undefined;
  const isSync = new Uint8Array(times.count).fill(1);
  const shift = deliveredSamples({ ...editContext(movie, track), times, isSync })?.shift ?? 0;
  return Array.from({ length: times.count }, (_, i) => ({
    startSeconds: Math.max(0, (times.decode[i] ?? 0) + shift) / track.ticksPerSecond,
    endSeconds: Math.max(0, (times.decode[i + 1] ?? 0) + shift) / track.ticksPerSecond,
  }));
}

/** The text of a QuickTime text sample: 16-bit length, then UTF-8, or UTF-16 with a byte order mark. Undefined when truncated. */
function decodeTextSample(view: DataView): string | undefined {
  if (view.byteLength < 2) return undefined;
  const length = view.getUint16(0);
  return length <= view.byteLength - 2 ? decodeText(view, 2, length) : undefined;
}

function decodeText(view: DataView, at: number, length: number): string {
  const mark = length >= 2 ? view.getUint16(at) : 0;
  const encoding = mark === 0xfeff ? 'utf-16be' : mark === 0xfffe ? 'utf-16le' : 'utf-8';
  return new TextDecoder(encoding).decode(new Uint8Array(view.buffer, view.byteOffset + at, length));
}
