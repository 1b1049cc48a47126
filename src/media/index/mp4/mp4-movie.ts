// Parses the `moov` box: the movie's clock, its tracks with their edits and sample tables, Nero's chapter list.
import { childAt, fourCharacters, int64, parseBoxes, uint64 } from './mp4-boxes.ts';

export interface Mp4Edit {
  /** Ticks of the movie's timescale. */
  duration: number;
  /** Ticks of the track's timescale; -1: an empty edit, which presents no media. */
  mediaTime: number;
}

export interface Mp4Track {
  /** Index among all tracks of the movie, as libavformat counts them. */
  index: number;
  id: number;
  /** Whether tkhd enables the track: libavformat's default flag. */
  isEnabled: boolean;
  /** `vide`, `soun`, `text`, ... */
  handler: string;
  ticksPerSecond: number;
  /** The duration in `mdhd`. */
  durationSeconds: number | undefined;
  /** Type of the first sample entry: `avc1`, `hev1`, `jpeg`, ... */
  sampleEntry: string;
  edits: Mp4Edit[];
  /** Ids of the tracks with the chapters of this one (`tref/chap`). */
  chapterTrackIds: number[];
  /** Payloads of the children of `stbl` by type; empty when the sample table is damaged. */
  tables: ReadonlyMap<string, DataView>;
}

export interface Mp4Movie {
  ticksPerSecond: number;
  durationSeconds: number | undefined;
  /** Whether samples may follow in fragments, which `moov` does not list. */
  isFragmented: boolean;
  tracks: Mp4Track[];
  /** Payload of `udta/chpl`. */
  neroChapters: DataView | undefined;
}

/** Reads the payload of a `moov` box; undefined when it has no usable header (ISO/IEC 14496-12 clause 8.2.2). */
export function parseMovie(moov: DataView): Mp4Movie | undefined {
  const { boxes } = parseBoxes(moov);
  const clock = parseClock(boxes.find((box) => box.type === 'mvhd')?.payload);
  if (!clock) return undefined;
  // With fragments, `mvhd` states the duration of the part before them only (clause 8.8.2).
  const fragments = childAt(moov, 'mvex');
  const duration = fragments ? parseFragmentDuration(childAt(fragments, 'mehd')) : clock.duration;
  return {
    ticksPerSecond: clock.ticksPerSecond,
    durationSeconds: duration === undefined ? undefined : duration / clock.ticksPerSecond,
    isFragmented: fragments !== undefined,
    tracks: boxes
      .filter((box) => box.type === 'trak')
      .flatMap((box, index) => parseTrack(box.payload, { index, movieTicksPerSecond: clock.ticksPerSecond }) ?? []),
    neroChapters: childAt(moov, 'udta', 'chpl'),
  };
}

interface Clock {
  ticksPerSecond: number;
  duration: number | undefined;
}

/** `mvhd` and `mdhd` have timescale and duration at the same offsets; version 1 has 64-bit times. */
function parseClock(view: DataView | undefined): Clock | undefined {
  if (!view || view.byteLength < 20) return undefined;
  const isLong = view.getUint8(0) === 1;
  if (isLong && view.byteLength < 32) return undefined;
  const ticksPerSecond = view.getUint32(isLong ? 20 : 12);
  const duration = isLong ? uint64(view, 24) : view.getUint32(16);
  const isStated = duration > 0 && Number.isSafeInteger(duration) && duration !== 0xffff_ffff;
  return ticksPerSecond === 0 ? undefined : { ticksPerSecond, duration: isStated ? duration : undefined };
}

function parseFragmentDuration(view: DataView | undefined): number | undefined {
  if (!view || view.byteLength < 8) return undefined;
  const isLong = view.getUint8(0) === 1;
  if (isLong && view.byteLength < 12) return undefined;
  const duration = isLong ? uint64(view, 4) : view.getUint32(4);
  return duration > 0 && Number.isSafeInteger(duration) ? duration : undefined;
}

function parseTrack(
  trak: DataView,
  { index, movieTicksPerSecond }: { index: number; movieTicksPerSecond: number },
): Mp4Track | undefined {
  const media = childAt(trak, 'mdia');
  const header = childAt(trak, 'tkhd');
  if (!media || !header) return undefined;
  const sampleTable = childAt(media, 'minf', 'stbl');
  const clock = parseClock(childAt(media, 'mdhd'));
  return {
    index,
    id: parseTrackId(header),
    isEnabled: header.byteLength >= 4 && (header.getUint8(3) & 1) === 1,
    handler: parseHandler(childAt(media, 'hdlr')),
    ticksPerSecond: clock?.ticksPerSecond ?? movieTicksPerSecond,
    durationSeconds: clock?.duration === undefined ? undefined : clock.duration / clock.ticksPerSecond,
    sampleEntry: parseSampleEntry(childAt(sampleTable, 'stsd')),
    edits: parseEdits(childAt(trak, 'edts', 'elst')),
    chapterTrackIds: parseTrackIds(childAt(trak, 'tref', 'chap')),
    tables: parseTables(sampleTable),
  };
}

function parseTrackId(header: DataView): number {
  const at = header.byteLength > 0 && header.getUint8(0) === 1 ? 20 : 12;
  return header.byteLength >= at + 4 ? header.getUint32(at) : 0;
}

function parseHandler(view: DataView | undefined): string {
  return view && view.byteLength >= 12 ? fourCharacters(view, 8) : '';
}

function parseSampleEntry(view: DataView | undefined): string {
  return view && view.byteLength >= 16 ? fourCharacters(view, 12) : '';
}

/** ISO/IEC 14496-12 clause 8.6.6. A list that is too short for its count is read to its end, as in libavformat. */
function parseEdits(view: DataView | undefined): Mp4Edit[] {
  if (!view || view.byteLength < 8) return [];
  const isLong = view.getUint8(0) === 1;
  const entryBytes = isLong ? 20 : 12;
  const count = Math.min(view.getUint32(4), Math.floor((view.byteLength - 8) / entryBytes));
  return Array.from({ length: count }, (_, i) => {
    const at = 8 + i * entryBytes;
    return isLong
      ? { duration: uint64(view, at), mediaTime: int64(view, at + 8) }
      : { duration: view.getUint32(at), mediaTime: view.getInt32(at + 4) };
  });
}

function parseTrackIds(view: DataView | undefined): number[] {
  if (!view) return [];
  return Array.from({ length: Math.floor(view.byteLength / 4) }, (_, i) => view.getUint32(i * 4));
}

/** The tables by type. `sbgp` may occur once per grouping type; only that of random access points is kept, as `sbgp:rap `. */
function parseTables(sampleTable: DataView | undefined): Map<string, DataView> {
  const tables = new Map<string, DataView>();
  if (!sampleTable) return tables;
  const { boxes, isWhole } = parseBoxes(sampleTable);
  // A missing table would change the meaning of the others: without stss, every sample is a sync sample.
  if (!isWhole) return tables;
  for (const { type, payload } of boxes) {
    const key = type === 'sbgp' && payload.byteLength >= 8 ? `sbgp:${fourCharacters(payload, 4)}` : type;
    if (!tables.has(key)) tables.set(key, payload);
  }
  return tables;
}
