// Writes RAR archives for tests, in formats 4 and 5: stored files, cut into volumes. Written from the published descriptions.
import { crc32 } from 'node:zlib';

export interface PackedFile {
  name: string;
  content: Uint8Array;
  /** Method that the archive states; the content is stored in any case. */
  isCompressed?: boolean;
  isEncrypted?: boolean;
}

export interface RarOptions {
  format: 4 | 5;
  /** Maximum of content bytes per volume; default: one volume. */
  volumeBytes?: number;
  /** Sizes have 8 bytes instead of 4, as in archives beyond 4 GiB. */
  isLarge?: boolean;
}

interface Part {
  file: PackedFile;
  bytes: Uint8Array;
  isSplitBefore: boolean;
  isSplitAfter: boolean;
}

/** The volumes in order. */
export function rarVolumes(files: readonly PackedFile[], options: RarOptions): Buffer[] {
  const volumes = cut(files, options.volumeBytes ?? Infinity);
  return volumes.map((parts, index) => {
    const place = { index, isLast: index === volumes.length - 1, isAlone: volumes.length === 1 };
    return options.format === 4 ? volume4(parts, place, options.isLarge === true) : volume5(parts, place);
  });
}

function cut(files: readonly PackedFile[], volumeBytes: number): Part[][] {
  const volumes: Part[][] = [[]];
  let room = volumeBytes;
  for (const file of files) {
    let at = 0;
    do {
      if (room === 0) {
        volumes.push([]);
        room = volumeBytes;
      }
      const bytes = file.content.subarray(at, at + room);
      const isSplitAfter = at + bytes.length < file.content.length;
      volumes.at(-1)?.push({ file, bytes, isSplitBefore: at > 0, isSplitAfter });
      at += bytes.length;
      room -= bytes.length;
    } while (at < file.content.length);
  }
  return volumes;
}

interface Place {
  index: number;
  isLast: boolean;
  isAlone: boolean;
}

function volume4(parts: readonly Part[], { index, isLast, isAlone }: Place, isLarge: boolean): Buffer {
  const main = block4(0x73, (isAlone ? 0 : 0x01) | (index === 0 ? 0x100 : 0), Buffer.alloc(6));
  const files = parts.flatMap((part) => [file4(part, isLarge), part.bytes]);
  const end = block4(0x7b, 0x4000 | (isLast ? 0 : 0x01), Buffer.alloc(0));
  return Buffer.concat([Buffer.from('Rar!\x1a\x07\0', 'latin1'), main, ...files, end]);
}

function block4(type: number, flags: number, body: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(type, 0);
  head.writeUInt16LE(flags, 1);
  head.writeUInt16LE(7 + body.length, 3);
  const checked = Buffer.concat([head, body]);
  const sum = Buffer.alloc(2);
  sum.writeUInt16LE(crc32(checked) & 0xffff);
  return Buffer.concat([sum, checked]);
}

function file4({ file, bytes, isSplitBefore, isSplitAfter }: Part, isLarge: boolean): Buffer {
  const name = Buffer.from(file.name.replaceAll('/', '\\'), 'latin1');
  const body = Buffer.alloc(25 + (isLarge ? 8 : 0));
  body.writeUInt32LE(bytes.length, 0);
  body.writeUInt32LE(file.content.length, 4);
  body.writeUInt8(2, 8);
  body.writeUInt32LE(crc32(isSplitAfter ? bytes : file.content), 9);
  body.writeUInt32LE(0x58_00_00_00, 13);
  body.writeUInt8(20, 17);
  body.writeUInt8(file.isCompressed === true ? 0x33 : 0x30, 18);
  body.writeUInt16LE(name.length, 19);
  body.writeUInt32LE(0x20, 21);
  const split = (isSplitBefore ? 0x01 : 0) | (isSplitAfter ? 0x02 : 0);
  const flags = 0x8000 | split | (file.isEncrypted === true ? 0x04 : 0) | (isLarge ? 0x100 : 0);
  return block4(0x74, flags, Buffer.concat([body, name]));
}

function volume5(parts: readonly Part[], { index, isLast, isAlone }: Place): Buffer {
  const archiveFlags = (isAlone ? 0 : 0x01) | (index > 0 ? 0x02 : 0);
  const main = block5(1, 0, [number5(archiveFlags), index > 0 ? number5(index) : Buffer.alloc(0)]);
  const files = parts.flatMap((part) => [file5(part), part.bytes]);
  const end = block5(5, 0, [number5(isLast ? 0 : 1)]);
  return Buffer.concat([Buffer.from('Rar!\x1a\x07\x01\0', 'latin1'), main, ...files, end]);
}

function block5(type: number, flags: number, body: readonly Uint8Array[]): Buffer {
  const rest = Buffer.concat([number5(type), number5(flags), ...body]);
  const checked = Buffer.concat([number5(rest.length), rest]);
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(crc32(checked));
  return Buffer.concat([sum, checked]);
}

function file5({ file, bytes, isSplitBefore, isSplitAfter }: Part): Buffer {
  const name = Buffer.from(file.name, 'utf8');
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(crc32(isSplitAfter ? bytes : file.content));
  const record = Buffer.concat([number5(1), number5(0), number5(0), Buffer.alloc(17)]);
  const extra = file.isEncrypted === true ? Buffer.concat([number5(record.length), record]) : Buffer.alloc(0);
  const split = (isSplitBefore ? 0x08 : 0) | (isSplitAfter ? 0x10 : 0);
  const flags = 0x02 | split | (extra.length > 0 ? 0x01 : 0);
  const extraSize = extra.length > 0 ? [number5(extra.length)] : [];
  const method = file.isCompressed === true ? 3 << 7 : 0;
  return block5(2, flags, [
    ...extraSize,
    number5(bytes.length),
    number5(0x04),
    number5(file.content.length),
    number5(0x20),
    sum,
    number5(method),
    number5(1),
    number5(name.length),
    name,
    extra,
  ]);
}

/** Seven bits per byte, lowest first. */
function number5(value: number): Buffer {
  const bytes: number[] = [];
  let left = value;
  do {
    bytes.push((left % 128) + (left >= 128 ? 128 : 0));
    left = Math.floor(left / 128);
  } while (left > 0);
  return Buffer.from(bytes);
}
