// The head of a clip's file: `ftyp` and a `moov` with the tables of all samples, written before the samples (ISO/IEC 14496-12).
import { box, fourCharacters, fullBox, u32 } from '../fmp4/box.ts';
import { editList, movieHeader, trackBox, type TrackShape } from '../fmp4/movie-boxes.ts';

/** Samples stored contiguously in the file. */
export interface Chunk {
  /** First byte in the file. */
  offset: number;
  count: number;
}

export interface ClipTrack {
  shape: TrackShape;
  timescale: number;
  /** Duration of every sample but the last, ticks. */
  sampleTicks: number;
  /** Duration of the last sample, ticks. */
  lastSampleTicks: number;
  sizes: number[];
  chunks: Chunk[];
  /** Presentation times, ticks from the start of the media, in decode order; undefined: equal to decode times. */
  times: number[] | undefined;
  /** Indexes of the sync samples; undefined: all samples. */
  syncs: number[] | undefined;
  /** Ticks at the start that are decoded and not presented. */
  skipTicks: number;
}

export interface ClipMovie {
  timescale: number;
  /** Duration of the presentation, ticks. */
  duration: number;
  tracks: ClipTrack[];
}

const FILE_TYPE = box('ftyp', fourCharacters('isom'), u32(0x200), fourCharacters('isomiso2avc1mp41'));
const MDAT_HEADER_BYTES = 16;
const FREE_HEADER_BYTES = 8;
/** Bytes of all boxes except the tables. */
const FIXED_BYTES = 8192;
const MAX_OFFSET = 0xffffffff;

/** An upper bound for the size of the head, known before the clip is made: samples are written behind it. */
export function headBytes(expected: { samples: number; chunks: number }): number {
  // stsz, ctts and stss; stsc and co64.
  return FIXED_BYTES + expected.samples * (4 + 8 + 4) + expected.chunks * (12 + 8) * 2;
}

/**
 * The file up to its first sample: `ftyp`, `moov`, a `free` box that fills the reserved size, and the header of `mdat`.
 * @throws TypeError when `sizeBytes` is too small
 */
export function clipHead(movie: ClipMovie, sizeBytes: number, mediaBytes: number): Buffer {
  const header = movieHeader({ ...movie, nextTrackId: movie.tracks.length + 1 });
  const moov = box('moov', header, ...movie.tracks.map((track, i) => clipTrackBox(movie, track, i + 1)));
  const freeBytes = sizeBytes - FILE_TYPE.length - moov.length - MDAT_HEADER_BYTES;
  if (freeBytes < FREE_HEADER_BYTES) throw new TypeError(`a head of ${moov.length} bytes does not fit ${sizeBytes}`);
  const free = box('free', Buffer.alloc(freeBytes - FREE_HEADER_BYTES));
  const mdat = Buffer.alloc(MDAT_HEADER_BYTES);
  mdat.writeUInt32BE(1, 0);
  mdat.write('mdat', 4, 'latin1');
  mdat.writeBigUInt64BE(BigInt(MDAT_HEADER_BYTES + mediaBytes), 8);
  return Buffer.concat([FILE_TYPE, moov, free, mdat]);
}

function clipTrackBox(movie: ClipMovie, track: ClipTrack, trackId: number): Buffer {
  const { sampleTicks, lastSampleTicks, sizes, times, timescale } = track;
  const shift = times ? reorderTicks(times, sampleTicks) : 0;
  return trackBox({
    trackId,
    duration: movie.duration,
    edits: [editList({ duration: movie.duration, mediaTime: track.skipTicks + shift })],
    media: { timescale, duration: (sizes.length - 1) * sampleTicks + lastSampleTicks },
    track: track.shape,
    tables: [
      table('stts', 2, durationRuns(sizes.length, sampleTicks, lastSampleTicks)),
      ...(times && shift > 0 ? [table('ctts', 2, compositionRuns(times, sampleTicks, shift))] : []),
      ...(track.syncs
        ? [
            table(
              'stss',
              1,
              track.syncs.map((index) => index + 1),
            ),
          ]
        : []),
      table('stsc', 3, chunkRuns(track.chunks)),
      fullBox({ type: 'stsz', version: 0, flags: 0 }, u32(0, sizes.length), u32Table(sizes)),
      chunkOffsets(track.chunks),
    ],
  });
}

/** Pairs of count and duration. */
function durationRuns(count: number, ticks: number, lastTicks: number): number[] {
  return ticks === lastTicks ? [count, ticks] : [...(count > 1 ? [count - 1, ticks] : []), 1, lastTicks];
}

/** The largest lead of a sample's decode time over its presentation time, ticks: composition offsets grow by it. */
function reorderTicks(times: number[], sampleTicks: number): number {
  return times.reduce((most, time, i) => Math.max(most, i * sampleTicks - time), 0);
}

/** Pairs of count and offset. */
function compositionRuns(times: number[], sampleTicks: number, shift: number): number[] {
  const runs: number[] = [];
  for (const [i, time] of times.entries()) {
    const offset = time - i * sampleTicks + shift;
    if (runs.at(-1) === offset) runs[runs.length - 2] = (runs.at(-2) ?? 0) + 1;
    else runs.push(1, offset);
  }
  return runs;
}

/** Triples of first chunk (from 1), samples per chunk, sample entry: one where the number of samples changes. */
function chunkRuns(chunks: Chunk[]): number[] {
  return chunks.flatMap(({ count }, i) => (chunks[i - 1]?.count === count ? [] : [i + 1, count, 1]));
}

function chunkOffsets(chunks: Chunk[]): Buffer {
  if ((chunks.at(-1)?.offset ?? 0) <= MAX_OFFSET)
    return table(
      'stco',
      1,
      chunks.map(({ offset }) => offset),
    );
  const offsets = Buffer.alloc(chunks.length * 8);
  for (const [i, { offset }] of chunks.entries()) offsets.writeBigUInt64BE(BigInt(offset), i * 8);
  return fullBox({ type: 'co64', version: 0, flags: 0 }, u32(chunks.length), offsets);
}

function table(type: string, columns: number, values: number[]): Buffer {
  return fullBox({ type, version: 0, flags: 0 }, u32(values.length / columns), u32Table(values));
}

function u32Table(values: number[]): Buffer {
  const out = Buffer.allocUnsafe(values.length * 4);
  for (const [i, value] of values.entries()) out.writeUInt32BE(value, i * 4);
  return out;
}
