// Edits of container bytes that no available muxer writes: functions for `bytes` recipes. None has dependencies, since its text is hashed.

/** Appends the samples of the second video track to the first one, under a second sample entry; `moov` must be last. */
export function joinedTracks(bytes: Uint8Array): Uint8Array {
  type Box = { type: string; data: Buffer; children: Box[] | undefined };
  const HOLDERS = ['moov', 'trak', 'mdia', 'minf', 'stbl'];
  const parse = (buffer: Buffer): Box[] => {
    const boxes: Box[] = [];
    for (let at = 0; at + 8 <= buffer.length;) {
      const size = buffer.readUInt32BE(at);
      const type = buffer.toString('latin1', at + 4, at + 8);
      const data = Buffer.from(buffer.subarray(at + 8, at + size));
      boxes.push({ type, data, children: HOLDERS.includes(type) ? parse(data) : undefined });
      at += size;
    }
    return boxes;
  };
  const serialize = ({ type, data, children }: Box): Buffer => {
    const body = children ? Buffer.concat(children.map(serialize)) : data;
    const head = Buffer.alloc(8, type.padStart(8), 'latin1');
    head.writeUInt32BE(body.length + 8);
    return Buffer.concat([head, body]);
  };
  const find = (boxes: Box[] | undefined, ...path: string[]): Box => {
    const found = (boxes ?? []).find(({ type }) => type === path[0]);
    if (!found) throw new TypeError(`no ${path[0]}`);
    return path.length > 1 ? find(found.children, ...path.slice(1)) : found;
  };
  const file = Buffer.from(bytes);
  const top = parse(file);
  const movie = find(top, 'moov');
  const [first, second, ...others] = (movie.children ?? []).filter(({ type }) => type === 'trak');
  if (!first || !second) throw new TypeError('two tracks are joined');
  const tablesOf = (track: Box) => find(track.children, 'mdia', 'minf', 'stbl');
  const entries = (track: Box, type: string, bytesEach: number): Buffer[] => {
    const head = type === 'stsz' ? 12 : 8;
    const { data } = find(tablesOf(track).children, type);
    return Array.from({ length: Math.floor((data.length - head) / bytesEach) }, (_, at) =>
      data.subarray(head + at * bytesEach, head + (at + 1) * bytesEach),
    );
  };
  const words = (...values: number[]) => {
    const out = Buffer.alloc(values.length * 4);
    for (const [at, value] of values.entries()) out.writeUInt32BE(value, at * 4);
    return out;
  };
  const sizes = [...entries(first, 'stsz', 4), ...entries(second, 'stsz', 4)];
  const firstCount = entries(first, 'stsz', 4).length;
  const chunks = [...entries(first, 'stco', 4), ...entries(second, 'stco', 4)];
  const firstChunks = entries(first, 'stco', 4).length;
  const syncs = [
    ...entries(first, 'stss', 4).map((entry) => entry.readUInt32BE()),
    ...entries(second, 'stss', 4).map((entry) => entry.readUInt32BE() + firstCount),
  ];
  const runs = [
    ...entries(first, 'stsc', 12).map((entry) => words(entry.readUInt32BE(), entry.readUInt32BE(4), 1)),
    ...entries(second, 'stsc', 12).map((entry) => words(entry.readUInt32BE() + firstChunks, entry.readUInt32BE(4), 2)),
  ];
  const durations = [...entries(first, 'stts', 8), ...entries(second, 'stts', 8)];
  const descriptions = [first, second].map((track) => find(tablesOf(track).children, 'stsd').data.subarray(8));
  const table = (type: string, ...parts: Buffer[]): Box => ({ type, data: Buffer.concat(parts), children: undefined });
  tablesOf(first).children = [
    table('stsd', words(0, 2), ...descriptions),
    table('stts', words(0, durations.length), ...durations),
    table('stss', words(0, syncs.length, ...syncs)),
    table('stsc', words(0, runs.length), ...runs),
    table('stsz', words(0, 0, sizes.length), ...sizes),
    table('stco', words(0, chunks.length), ...chunks),
  ];
  const header = find(first.children, 'mdia', 'mdhd').data;
  header.writeUInt32BE(header.readUInt32BE(16) + find(second.children, 'mdia', 'mdhd').data.readUInt32BE(16), 16);
  const shown = find(first.children, 'tkhd').data;
  shown.writeUInt32BE(shown.readUInt32BE(20) + find(second.children, 'tkhd').data.readUInt32BE(20), 20);
  const whole = find(movie.children, 'mvhd').data;
  whole.writeUInt32BE(shown.readUInt32BE(20), 16);
  first.children = (first.children ?? []).filter(({ type }) => type !== 'edts');
  movie.children = [...(movie.children ?? []).filter(({ type }) => type !== 'trak'), first, ...others];
  return Buffer.concat(top.map(serialize));
}

/** Removes the parameter sets from avcC and hvcC; their bytes become free space. */
export function withoutStatedSets(bytes: Uint8Array): Uint8Array {
  const copy = Buffer.from(bytes);
  for (const { type, keep } of [
    { type: 'avcC', keep: 7 },
    { type: 'hvcC', keep: 23 },
  ]) {
    const at = copy.indexOf(type, 0, 'latin1') - 4;
    if (at < 0) continue;
    const size = copy.readUInt32BE(at);
    const rest = size - 8 - keep;
    if (type === 'hvcC') copy[at + 8 + 22] = 0;
    else copy.set([0xe0, 0], at + 8 + 5);
    copy.writeUInt32BE(8 + keep, at);
    copy.fill(0, at + 8 + keep, at + size);
    copy.writeUInt32BE(rest, at + 8 + keep);
    copy.write('free', at + 8 + keep + 4, 'latin1');
  }
  return copy;
}

/** The same for the CodecPrivate of a Matroska file's first track: a shorter element, followed by a Void element. */
export function withoutPrivateSets(bytes: Uint8Array): Uint8Array {
  const copy = Buffer.from(bytes);
  const at = copy.indexOf('63a2', 0, 'hex');
  // A size of one or two bytes, then a record that begins with 1.
  const isLong = ((copy[at + 2] ?? 0) & 0x80) === 0;
  const size = isLong ? copy.readUInt16BE(at + 2) & 0x3fff : (copy[at + 2] ?? 0) & 0x7f;
  const data = at + (isLong ? 4 : 3);
  const isHevc = size > 60 && copy[data + 1] !== 0x64 && copy[data + 1] !== 0x4d && copy[data + 1] !== 0x42;
  const keep = isHevc ? 23 : 7;
  if (isHevc) copy[data + 22] = 0;
  else copy.set([0xe0, 0], data + 5);
  if (isLong) copy.writeUInt16BE(0x4000 | keep, at + 2);
  else copy[at + 2] = 0x80 | keep;
  copy.fill(0, data + keep, data + size);
  copy[data + keep] = 0xec;
  copy.writeUInt16BE(0x4000 | (size - keep - 3), data + keep + 1);
  return copy;
}

/** Removes composition times and edit list: every frame has its decode time as presentation time. */
export function withoutCompositionTimes(bytes: Uint8Array): Uint8Array {
  const copy = Buffer.from(bytes);
  for (const type of ['ctts', 'edts'])
    for (let at = copy.indexOf(type, 0, 'latin1'); at >= 0; at = copy.indexOf(type, at, 'latin1'))
      copy.write('free', at, 'latin1');
  return copy;
}

/** Puts four-byte time codes before the packets of a transport stream, as on Blu-ray. */
export function timeCodedPackets(bytes: Uint8Array): Uint8Array {
  const packets = Array.from({ length: Math.floor(bytes.length / 188) }, (_, at) => [
    Buffer.alloc(4),
    bytes.subarray(at * 188, (at + 1) * 188),
  ]);
  return Buffer.concat(packets.flat());
}
/**
 * Changes the packet ids of a transport stream's streams, and the version of the program map, from the program tables nearest to the middle on,
 * which precede a keyframe.
 */
export function renumberedFromTheMiddle(bytes: Uint8Array): Uint8Array {
  const copy = Buffer.from(bytes);
  const crc32 = (data: Uint8Array): number => {
    let value = 0xffffffff;
    for (const byte of data) {
      value ^= byte << 24;
      for (let bit = 0; bit < 8; bit += 1) value = (value << 1) ^ (value < 0 ? 0x04c11db7 : 0);
    }
    return value >>> 0;
  };
  const pidAt = (at: number) => copy.readUInt16BE(at + 1) & 0x1fff;
  const moved = (pid: number) => (pid >= 0x100 && pid < 0x110 ? pid + 0x100 : pid);
  const middle = Math.floor(copy.length / 188 / 2) * 188;
  let start = middle;
  while (start < copy.length && pidAt(start) !== 0) start += 188;
  for (let at = start; at + 188 <= copy.length; at += 188) {
    const pid = pidAt(at);
    copy.writeUInt16BE((copy.readUInt16BE(at + 1) & 0xe000) | moved(pid), at + 1);
    const section = at + 5;
    if (pid < 0x20 || pid >= 0x2000 || copy[at + 4] !== 0 || copy[section] !== 2 || moved(pid) !== pid) continue;
    const length = copy.readUInt16BE(section + 1) & 0xfff;
    copy[section + 5] = (copy[section + 5] ?? 0) ^ 0x02;
    copy.writeUInt16BE(
      (copy.readUInt16BE(section + 8) & 0xe000) | moved(copy.readUInt16BE(section + 8) & 0x1fff),
      section + 8,
    );
    let entry = section + 12 + (copy.readUInt16BE(section + 10) & 0xfff);
    while (entry < section + 3 + length - 4) {
      copy.writeUInt16BE(
        (copy.readUInt16BE(entry + 1) & 0xe000) | moved(copy.readUInt16BE(entry + 1) & 0x1fff),
        entry + 1,
      );
      entry += 5 + (copy.readUInt16BE(entry + 3) & 0xfff);
    }
    copy.writeUInt32BE(crc32(copy.subarray(section, section + 3 + length - 4)), section + 3 + length - 4);
  }
  return copy;
}

/** Breaks the continuity counters of a transport stream in the middle, just before a keyframe, as at a join of recordings. */
export function withBrokenCounters(bytes: Uint8Array): Uint8Array {
  const copy = Buffer.from(bytes);
  const pidAt = (at: number) => copy.readUInt16BE(at + 1) & 0x1fff;
  let start = Math.floor(copy.length / 188 / 2) * 188;
  while (start < copy.length && pidAt(start) !== 0) start += 188;
  for (let at = start; at + 188 <= copy.length; at += 188) {
    const flags = copy[at + 3] ?? 0;
    copy[at + 3] = (flags & 0xf0) | ((flags + 5) & 0x0f);
  }
  return copy;
}
