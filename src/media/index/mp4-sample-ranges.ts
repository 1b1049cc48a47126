// Where the first samples of an MP4 track lie in the film (ISO/IEC 14496-12 clauses 8.7.3 to 8.7.5).
import type { ByteRange } from '../../base/byte-range.ts';
import { entryCount, uint64 } from './mp4-boxes.ts';
import type { SampleTables } from './mp4-sample-times.ts';

/** Ranges of the first `limit` samples, `[start, end)` in bytes of the film; fewer where the tables end or are damaged. */
export function sampleRanges(tables: SampleTables, limit: number): ByteRange[] {
  const sizes = tables.get('stsz');
  const runs = tables.get('stsc');
  const chunks = chunkOffsets(tables);
  const ranges: ByteRange[] = [];
  if (!sizes || !runs || sizes.byteLength < 12) return ranges;
  const runCount = entryCount(runs, 12) ?? 0;
  const count = Math.min(limit, sizes.getUint32(8));
  let run = 0;
  for (let chunk = 0; chunk < chunks.count && runCount > 0; chunk++) {
    while (run + 1 < runCount && runs.getUint32(8 + (run + 1) * 12) <= chunk + 1) run++;
    let start = chunks.offset(chunk);
    for (let left = runs.getUint32(12 + run * 12); left > 0; left--) {
      const size = sizeOf(sizes, ranges.length);
      if (ranges.length >= count || size === undefined) return ranges;
      ranges.push({ start, end: start + size });
      start += size;
    }
  }
  return ranges;
}

function sizeOf(sizes: DataView, sample: number): number | undefined {
  const constant = sizes.getUint32(4);
  if (constant > 0) return constant;
  const at = 12 + sample * 4;
  return at + 4 <= sizes.byteLength ? sizes.getUint32(at) : undefined;
}

function chunkOffsets(tables: SampleTables): { count: number; offset: (chunk: number) => number } {
  const short = tables.get('stco');
  if (short) return { count: entryCount(short, 4) ?? 0, offset: (chunk) => short.getUint32(8 + chunk * 4) };
  const long = tables.get('co64');
  if (long) return { count: entryCount(long, 8) ?? 0, offset: (chunk) => uint64(long, 8 + chunk * 8) };
  return { count: 0, offset: () => 0 };
}
