// The samples of a text track of an MP4 source, found by its sample tables.
import { AppError } from '../../base/app-error.ts';
import type { ByteRange } from '../../base/byte-range.ts';
import type { ByteReader } from '../index/container/container-index.ts';
import { deliveredSamples } from '../index/mp4/mp4-edit-list.ts';
import { readMovie } from '../index/mp4/mp4-index.ts';
import type { Mp4Movie, Mp4Track } from '../index/mp4/mp4-movie.ts';
import { sampleRanges } from '../index/mp4/mp4-sample-ranges.ts';
import { sampleTimes } from '../index/mp4/mp4-sample-times.ts';
import { editContext } from '../index/mp4/mp4-video-index.ts';
import { WindowedReader } from '../index/container/windowed-reader.ts';
import { toTimeline } from '../model/media-clock.ts';
import type { Origin } from '../model/rendition-track.ts';
import type { SubtitleEvent } from './cue.ts';
import type { SubtitleReaders } from './subtitle-readers.ts';
import { inOrder, rotated } from './in-order.ts';
import { neighbours } from './neighbours.ts';

const AT_A_TIME = 3;
/** The size of an empty sample, which clears the text. */
const EMPTY_SAMPLE_BYTES = 2;

export interface WantedMp4Track {
  /** The demuxer's stream index: the index among the movie's tracks. */
  streamIndex: number;
  origin: Origin;
  maxEvents: number;
  maxEventBytes: number;
  /** Samples from this time on are read first, milliseconds. */
  fromMs: number;
}

/** @throws AppError UNSUPPORTED_MEDIA when the samples are not in tables, or not text; else what the reader throws */
export async function mp4Events(
  { dense, sparse }: SubtitleReaders,
  wanted: WantedMp4Track,
): Promise<AsyncIterable<SubtitleEvent>> {
  const movie = await readMovie(new WindowedReader(dense));
  const track = movie?.tracks[wanted.streamIndex];
  if (!movie || !track || movie.isFragmented || !['tx3g', 'text'].includes(track.sampleEntry))
    throw new AppError('UNSUPPORTED_MEDIA', 'The subtitles are kept in a way that cannot be read');
  const samples = timedSamples(movie, track, { ...wanted, sizeBytes: dense.sizeBytes });
  return readSamples(
    sparse,
    rotated(samples, ({ startMs }) => startMs >= wanted.fromMs),
  );
}

interface TimedSample {
  range: ByteRange;
  startMs: number;
  endMs: number;
}

function timedSamples(
  movie: Mp4Movie,
  track: Mp4Track,
  wanted: WantedMp4Track & { sizeBytes: number | undefined },
): TimedSample[] {
  const times = sampleTimes(track.tables, wanted.sizeBytes);
  if (!times) return [];
  const isSync = new Uint8Array(times.count).fill(1);
  const shift = deliveredSamples({ ...editContext(movie, track), times, isSync })?.shift ?? 0;
  const clock = { origin: wanted.origin, timescale: 1000 };
  const toMs = (ticks: number) => toTimeline(ticks + shift, { num: 1, den: track.ticksPerSecond }, clock);
  return sampleRanges(track.tables, wanted.maxEvents).flatMap((range, i) => {
    const sizeBytes = range.end - range.start;
    if (sizeBytes <= EMPTY_SAMPLE_BYTES || sizeBytes > wanted.maxEventBytes || i >= times.count) return [];
    return { range, startMs: toMs(times.decode[i] ?? 0), endMs: toMs(times.decode[i + 1] ?? 0) };
  });
}

async function* readSamples(reader: ByteReader, samples: TimedSample[]): AsyncGenerator<SubtitleEvent> {
  const read = async (group: TimedSample[]): Promise<SubtitleEvent[]> => {
    const start = group[0]?.range.start ?? 0;
    const bytes = await reader.read({ start, end: group.at(-1)?.range.end ?? start });
    return group.map(({ range, startMs, endMs }) => {
      return { startMs, endMs, payload: bytes.subarray(range.start - start, range.end - start) };
    });
  };
  const groups = neighbours(samples, ({ range }) => range);
  for await (const events of inOrder(groups, AT_A_TIME, read)) yield* events;
}
