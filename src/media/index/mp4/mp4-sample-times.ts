// Times of all samples of an MP4 track, from the run-length tables of ISO/IEC 14496-12 clauses 8.6 and 8.7.
import { entryCount } from './mp4-boxes.ts';

/** Children of `stbl` by type. */
export type SampleTables = ReadonlyMap<string, DataView>;

/** Ticks of the track's timescale, in decode order. */
export interface SampleTimes {
  count: number;
  /** Decode times, then one more entry: the end of the last sample. */
  decode: Float64Array;
  /** Presentation times before any edit list. */
  composition: Float64Array;
  /** Whether the track has a table of composition offsets, even if all are zero. */
  hasOffsets: boolean;
  /** The common duration of all samples (the last one may differ); undefined when durations differ. */
  constantDuration: number | undefined;
}

/** The most samples of one size, for which no table confirms the count. */
const MAX_EQUAL_SAMPLES = 2_000_000;
/** A longer duration is a negative number (libavformat has work-arounds that only a demuxer can follow). */
const MAX_DURATION = 0x7fff_ffff;
/** libavformat ignores a table with larger offsets. */
const MAX_COMPOSITION_OFFSET = 2 ** 28;

/** Expands `stts` and `ctts`; undefined when there are no samples or the tables are inconsistent. `sizeBytes`: the size of the file. */
export function sampleTimes(tables: SampleTables, sizeBytes: number | undefined): SampleTimes | undefined {
  const count = sampleCount(tables, sizeBytes);
  const durations = tables.get('stts');
  if (!count || !durations) return undefined;
  const decoded = decodeTimes(durations, count);
  if (!decoded) return undefined;
  const composition = compositionTimes(tables.get('ctts'), decoded.decode, count);
  return composition && { count, ...decoded, composition, hasOffsets: tables.has('ctts') };
}

/** Number of samples that `stsz` or `stz2` declares, checked against the available bytes; undefined when impossible. */
export function sampleCount(tables: SampleTables, sizeBytes: number | undefined): number | undefined {
  const sizes = tables.get('stsz');
  if (sizes && sizes.byteLength >= 12) {
    const constant = sizes.getUint32(4);
    if (constant === 0) return entryCount(sizes, 4, 8);
    const count = sizes.getUint32(8);
    return count <= MAX_EQUAL_SAMPLES && count * constant <= (sizeBytes ?? 0) ? count : undefined;
  }
  const compact = tables.get('stz2');
  if (!compact || compact.byteLength < 12) return undefined;
  const fieldBits = compact.getUint8(7);
  return [4, 8, 16].includes(fieldBits) ? entryCount(compact, fieldBits / 8, 8) : undefined;
}

function decodeTimes(
  table: DataView,
  count: number,
): { decode: Float64Array; constantDuration: number | undefined } | undefined {
  const entries = entryCount(table, 8);
  if (!entries) return undefined;
  const decode = new Float64Array(count + 1);
  const first = table.getUint32(12);
  let [time, sample, isConstant] = [0, 0, true];
  for (let entry = 0; entry < entries && sample < count; entry++) {
    const duration = table.getUint32(12 + entry * 8);
    if (duration > MAX_DURATION) return undefined;
    // The last duration of a table that is shorter than the sizes is repeated.
    const run = entry === entries - 1 ? count - sample : table.getUint32(8 + entry * 8);
    const end = Math.min(count, sample + run);
    if (duration !== first && sample < count - 1 && end > sample) isConstant = false;
    for (; sample < end; sample++) {
      decode[sample] = time;
      time += duration;
    }
  }
  decode[count] = time;
  return { decode, constantDuration: isConstant && first > 0 ? first : undefined };
}

/** Offsets are read as signed in both versions: many writers store negative offsets in version 0. */
function compositionTimes(table: DataView | undefined, decode: Float64Array, count: number): Float64Array | undefined {
  const composition = decode.slice(0, count);
  if (!table) return composition;
  const entries = entryCount(table, 8);
  if (entries === undefined) return undefined;
  let sample = 0;
  for (let entry = 0; entry < entries && sample < count; entry++) {
    const offset = table.getInt32(12 + entry * 8);
    if (Math.abs(offset) > MAX_COMPOSITION_OFFSET && entry + 2 < entries) return decode.slice(0, count);
    const end = Math.min(count, sample + table.getUint32(8 + entry * 8));
    for (; sample < end; sample++) composition[sample] = (decode[sample] ?? 0) + offset;
  }
  return composition;
}

/**
 * One byte per sample, 1 for a sync sample: `stss`, QuickTime's partial sync samples `stps`, and random access points of
 * `sbgp` (clause 8.9.2). Without `stss`, every sample is a sync sample (clause 8.6.2). Undefined for a damaged table.
 */
export function syncSamples(tables: SampleTables, count: number): Uint8Array | undefined {
  const sync = tables.get('stss');
  if (!sync) return new Uint8Array(count).fill(1);
  const partial = tables.get('stps');
  const groups = tables.get('sbgp:rap ');
  const isSync = new Uint8Array(count);
  if (!markListed(isSync, sync) || !markListed(isSync, partial) || !markGroups(isSync, groups)) return undefined;
  // As in libavformat, an empty list makes the first sample the only sync sample.
  if (sync.getUint32(4) === 0 && !partial && !groups) isSync[0] = 1;
  return isSync;
}

/** Marks samples by number, from 1; some writers count from 0, which the first entry shows. False: the table is damaged. */
function markListed(isSync: Uint8Array, table: DataView | undefined): boolean {
  if (!table) return true;
  const entries = entryCount(table, 4);
  if (entries === undefined) return false;
  const base = entries > 0 && table.getUint32(8) > 0 ? 1 : 0;
  let last = -1;
  for (let entry = 0; entry < entries; entry++) {
    const sample = table.getUint32(8 + entry * 4) - base;
    if (sample <= last || sample >= isSync.length) break;
    isSync[sample] = 1;
    last = sample;
  }
  return true;
}

function markGroups(isSync: Uint8Array, table: DataView | undefined): boolean {
  if (!table) return true;
  const countAt = table.getUint8(0) === 1 ? 12 : 8;
  const entries = entryCount(table, 8, countAt);
  if (entries === undefined) return false;
  let sample = 0;
  for (let entry = 0; entry < entries && sample < isSync.length; entry++) {
    const at = countAt + 4 + entry * 8;
    const end = Math.min(isSync.length, sample + table.getUint32(at));
    if (table.getUint32(at + 4) > 0) isSync.fill(1, sample, end);
    sample = end;
  }
  return true;
}
