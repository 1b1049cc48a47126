// MP4 files of tables alone, for what no muxer at hand writes: long films, odd tables, lies.
export interface SyntheticFilm {
  /** Table boxes by type, whole payloads. */
  tables: Record<string, Buffer>;
  edits?: { duration: number; mediaTime: number }[];
  ticksPerSecond?: number;
}

/** `ftyp` and `moov` with one video track; the movie's clock has 1000 ticks a second. */
export function syntheticFilm({ tables, edits = [], ticksPerSecond = 24000 }: SyntheticFilm): Buffer {
  const sampleTable = Object.entries(tables).map(([type, payload]) => box(type, payload));
  const elst = box(
    'elst',
    words(0, edits.length, ...edits.flatMap((edit) => [edit.duration, edit.mediaTime, 0x10000])),
  );
  const track = box(
    'trak',
    box('tkhd', words(0, 0, 0, 1, 0, 0)),
    box('edts', elst),
    box(
      'mdia',
      box('mdhd', words(0, 0, 0, ticksPerSecond, 0, 0)),
      box('hdlr', words(0, 0), Buffer.from('vide'), words(0, 0, 0)),
      box('minf', box('stbl', ...sampleTable)),
    ),
  );
  return Buffer.concat([
    box('ftyp', Buffer.from('isom')),
    box('moov', box('mvhd', words(0, 0, 0, 1000, 60_000)), track),
  ]);
}

/** Tables of `count` samples of `duration` ticks with B-frames (I P B B), a sync sample every `groupSize`, all in byte 0. */
export function regularTables(count: number, groupSize: number, duration: number): Record<string, Buffer> {
  const offsets = Array.from({ length: count }, (_, i) => [1, [duration, 3 * duration, 0, 0][i % 4] ?? 0]).flat();
  const sync = Array.from({ length: Math.ceil(count / groupSize) }, (_, i) => i * groupSize + 1);
  return {
    stsd: Buffer.concat([words(0, 1, 16), Buffer.from('avc1')]),
    stts: words(0, 1, count, duration),
    ctts: Buffer.concat([words(0, count), wordList(offsets)]),
    stss: words(0, sync.length, ...sync),
    stsc: words(0, 1, 1, count, 1),
    stsz: Buffer.concat([words(0, 0, count), Buffer.alloc(count * 4)]),
    stco: words(0, 1, 0),
  };
}

export function box(type: string, ...payloads: Buffer[]): Buffer {
  const payload = Buffer.concat(payloads);
  return Buffer.concat([words(payload.byteLength + 8), Buffer.from(type, 'latin1'), payload]);
}

/** 32-bit big-endian words; negative ones in two's complement. */
export function words(...values: number[]): Buffer {
  return wordList(values);
}

function wordList(values: number[]): Buffer {
  const buffer = Buffer.alloc(values.length * 4);
  for (const [i, value] of values.entries()) buffer.writeUInt32BE(value >>> 0, i * 4);
  return buffer;
}
