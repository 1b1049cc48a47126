// The byte ranges of the samples of an MP4 track (ISO/IEC 14496-12 clauses 8.7.3 to 8.7.5).
import type { ByteRange } from '../../../base/byte-range.ts';
import { entryCount, uint64 } from './mp4-boxes.ts';
import type { SampleTables } from './mp4-sample-times.ts';

/** Byte ranges `[start, end)` of the first `limit` samples; fewer when the tables end or are damaged. */
export function sampleRanges(tables: SampleTables, limit: number): ByteRange[] {
  const ranges: ByteRange[] = [];
  forEachSample(tables, (start, end) => ranges.length < limit && ranges.push({ start, end }) > 0);
  return ranges;
}

/** Ranges of samples by number, from 0; undefined for a sample beyond the tables. */
export function rangesOfSamples(tables: SampleTables, numbers: readonly number[]): (ByteRange | undefined)[] {
  const found = new Map<number, ByteRange | undefined>(numbers.map((number) => [number, undefined]));
  const last = Math.max(...numbers);
  let number = 0;
  forEachSample(tables, (start, end) => {
    if (found.has(number)) found.set(number, { start, end });
    number += 1;
    return number <= last;
  });
  return numbers.map((wanted) => found.get(wanted));
}

/** Bytes of samples before each of `numbers` (ascending, in decode order from 0), counted from the first of them; then the bytes up to `end`. */
export function bytesBefore(tables: SampleTables, numbers: readonly number[], end: number): number[] {
  const { of } = sampleSizes(tables);
  const totals: number[] = [];
  let total = 0;
  for (let sample = numbers[0] ?? 0; sample < end; sample++) {
    if (sample === numbers[totals.length]) totals.push(total);
    total += of(sample);
  }
  return [...totals, total];
}

/** Number of samples in decode order that lie completely within the first `sizeBytes` of the file, before the first that does not. */
export function samplesWithin(tables: SampleTables, sizeBytes: number): number {
  let count = 0;
  forEachSample(tables, (_start, end) => {
    if (end > sizeBytes) return false;
    count++;
    return true;
  });
  return count;
}

/** Calls `visit` for each sample in decode order until it returns false. */
function forEachSample(tables: SampleTables, visit: (start: number, end: number) => boolean): void {
  const runs = tables.get('stsc');
  const runCount = (runs && entryCount(runs, 12)) ?? 0;
  const chunks = chunkOffsets(tables);
  const sizes = sampleSizes(tables);
  if (!runs || runCount === 0) return;
  let [run, sample] = [0, 0];
  for (let chunk = 0; chunk < chunks.count; chunk++) {
    while (run + 1 < runCount && runs.getUint32(8 + (run + 1) * 12) <= chunk + 1) run++;
    let start = chunks.of(chunk);
    for (let left = runs.getUint32(12 + run * 12); left > 0; left--, sample++) {
      if (sample >= sizes.count) return;
      const end = start + sizes.of(sample);
      if (!visit(start, end)) return;
      start = end;
    }
  }
}

interface NumberList {
  count: number;
  of: (at: number) => number;
}

const NOTHING: NumberList = { count: 0, of: () => 0 };

function chunkOffsets(tables: SampleTables): NumberList {
  const short = tables.get('stco');
  if (short) return { count: entryCount(short, 4) ?? 0, of: (chunk) => short.getUint32(8 + chunk * 4) };
  const long = tables.get('co64');
  if (long) return { count: entryCount(long, 8) ?? 0, of: (chunk) => uint64(long, 8 + chunk * 8) };
  return NOTHING;
}

function sampleSizes(tables: SampleTables): NumberList {
  const sizes = tables.get('stsz');
  if (sizes && sizes.byteLength >= 12) {
    const constant = sizes.getUint32(4);
    if (constant > 0) return { count: sizes.getUint32(8), of: () => constant };
    return { count: entryCount(sizes, 4, 8) ?? 0, of: (sample) => sizes.getUint32(12 + sample * 4) };
  }
  const compact = tables.get('stz2');
  return compact && compact.byteLength >= 12 ? compactSizes(compact) : NOTHING;
}

/** `stz2`: fields of 4, 8 or 16 bits. */
function compactSizes(table: DataView): NumberList {
  const fieldBits = table.getUint8(7);
  const count = entryCount(table, fieldBits / 8, 8) ?? 0;
  if (fieldBits === 16) return { count, of: (sample) => table.getUint16(12 + sample * 2) };
  if (fieldBits === 8) return { count, of: (sample) => table.getUint8(12 + sample) };
  if (fieldBits === 4)
    return { count, of: (sample) => (table.getUint8(12 + (sample >> 1)) >> (sample % 2 ? 0 : 4)) & 15 };
  return NOTHING;
}
