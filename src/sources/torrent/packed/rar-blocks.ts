// Parses the blocks of RAR volumes of the formats 4 (1.5 to 4) and 5, as far as needed to find stored files. Written from the
// published descriptions of both.
import { crc32 } from 'node:zlib';

/** The head of a block; the data of the block follows the head. */
export interface RarBlock {
  headBytes: number;
  dataBytes: number;
  /** Undefined for a block of another type. */
  file: RarFile | undefined;
  /** The last block of the volume. */
  isEnd: boolean;
}

export interface RarFile {
  name: string;
  /** Size of the whole file, over all volumes; undefined when the packer did not know it. */
  sizeBytes: number | undefined;
  /** The data is not compressed. */
  isStored: boolean;
  isEncrypted: boolean;
  isDirectory: boolean;
  /** The file starts in an earlier volume; `isSplitAfter`: it continues in the next one. */
  isSplitBefore: boolean;
  isSplitAfter: boolean;
}

export interface RarFormat {
  signature: Buffer;
  /** @throws RangeError when more bytes are needed; BrokenRar */
  parseBlock(bytes: Buffer): RarBlock;
}

/** The error for an invalid block; `isLocked`: all heads are encrypted. */
export class BrokenRar extends Error {
  readonly isLocked: boolean;

  constructor({ isLocked = false } = {}) {
    super('not a block of a RAR volume');
    this.isLocked = isLocked;
  }
}

export const RAR_FORMATS: readonly RarFormat[] = [
  { signature: Buffer.from('Rar!\x1a\x07\x01\0', 'latin1'), parseBlock: parseBlock5 },
  { signature: Buffer.from('Rar!\x1a\x07\0', 'latin1'), parseBlock: parseBlock4 },
];

const FOUR = {
  main: 0x73,
  file: 0x74,
  end: 0x7b,
  hasData: 0x8000,
  headsAreEncrypted: 0x80,
  fixedBytes: 7,
  stored: 0x30,
} as const;

/** CRC of the rest (2 bytes), type (1), flags (2), size of the head (2), size of the data (4) if its flag is set. */
function parseBlock4(bytes: Buffer): RarBlock {
  const [type, flags, headBytes] = [bytes.readUInt8(2), bytes.readUInt16LE(3), bytes.readUInt16LE(5)];
  if (type === FOUR.main && (flags & FOUR.headsAreEncrypted) !== 0) throw new BrokenRar({ isLocked: true });
  if (headBytes < FOUR.fixedBytes) throw new BrokenRar();
  if (bytes.length < headBytes) throw new RangeError('the head is longer');
  if ((crc32(bytes.subarray(2, headBytes)) & 0xffff) !== bytes.readUInt16LE(0)) throw new BrokenRar();
  const isFile = type === FOUR.file;
  const isLarge = (type === FOUR.file || type === 0x7a) && (flags & 0x100) !== 0;
  const low = (flags & FOUR.hasData) !== 0 ? bytes.readUInt32LE(7) : 0;
  const dataBytes = low + (isLarge ? bytes.readUInt32LE(32) * 2 ** 32 : 0);
  return { headBytes, dataBytes, file: isFile ? file4(bytes, flags) : undefined, isEnd: type === FOUR.end };
}

function file4(bytes: Buffer, flags: number): RarFile {
  const isLarge = (flags & 0x100) !== 0;
  const nameStart = isLarge ? 40 : 32;
  const name = bytes.subarray(nameStart, nameStart + bytes.readUInt16LE(26));
  // The name has two encodings: a plain one, and after a zero byte the data that makes Unicode of it.
  const plain = name.subarray(0, name.includes(0) ? name.indexOf(0) : name.length);
  return {
    name: plain.toString('utf8').replaceAll('\\', '/'),
    sizeBytes: bytes.readUInt32LE(11) + (isLarge ? bytes.readUInt32LE(36) * 2 ** 32 : 0),
    isStored: bytes.readUInt8(25) === FOUR.stored,
    isEncrypted: (flags & 0x04) !== 0,
    isDirectory: (flags & 0xe0) === 0xe0,
    isSplitBefore: (flags & 0x01) !== 0,
    isSplitAfter: (flags & 0x02) !== 0,
  };
}

const FIVE = {
  file: 2,
  encryption: 4,
  end: 5,
  hasExtra: 0x01,
  hasData: 0x02,
  splitBefore: 0x08,
  splitAfter: 0x10,
} as const;

/** CRC of the rest (4 bytes), then numbers of variable length: size of the rest, type, flags, sizes of the extra area and the data. */
function parseBlock5(bytes: Buffer): RarBlock {
  const numbers = new Numbers(bytes, 4);
  const size = numbers.next();
  const headBytes = numbers.at + size;
  if (size === 0 || headBytes > 2 ** 21) throw new BrokenRar();
  if (bytes.length < headBytes) throw new RangeError('the head is longer');
  if (crc32(bytes.subarray(4, headBytes)) !== bytes.readUInt32LE(0)) throw new BrokenRar();
  const [type, flags] = [numbers.next(), numbers.next()];
  if (type === FIVE.encryption) throw new BrokenRar({ isLocked: true });
  const extraBytes = (flags & FIVE.hasExtra) !== 0 ? numbers.next() : 0;
  const dataBytes = (flags & FIVE.hasData) !== 0 ? numbers.next() : 0;
  const extra = bytes.subarray(Math.max(0, headBytes - extraBytes), headBytes);
  const file = type === FIVE.file ? file5(numbers, flags, extra) : undefined;
  return { headBytes, dataBytes, file, isEnd: type === FIVE.end };
}

function file5(numbers: Numbers, flags: number, extra: Buffer): RarFile {
  const fileFlags = numbers.next();
  const sizeBytes = numbers.next();
  numbers.next();
  // Skips time and CRC of the file.
  numbers.at += ((fileFlags & 0x02) !== 0 ? 4 : 0) + ((fileFlags & 0x04) !== 0 ? 4 : 0);
  const compression = numbers.next();
  numbers.next();
  const nameBytes = numbers.next();
  return {
    name: numbers.bytes.subarray(numbers.at, numbers.at + nameBytes).toString('utf8'),
    sizeBytes: (fileFlags & 0x08) !== 0 ? undefined : sizeBytes,
    isStored: ((compression >> 7) & 0x07) === 0,
    isEncrypted: isEncryptedBy(extra),
    isDirectory: (fileFlags & 0x01) !== 0,
    isSplitBefore: (flags & FIVE.splitBefore) !== 0,
    isSplitAfter: (flags & FIVE.splitAfter) !== 0,
  };
}

/** Searches the records of the extra area (size, type, data) for type 1, the encryption of the file. */
function isEncryptedBy(extra: Buffer): boolean {
  for (const numbers = new Numbers(extra, 0); numbers.at < extra.length;) {
    const size = numbers.next();
    const end = numbers.at + size;
    if (size === 0 || end > extra.length) return false;
    if (numbers.next() === 1) return true;
    numbers.at = end;
  }
  return false;
}

/** Numbers of variable length: seven bits in each byte, the lowest first; the highest bit is set when another byte follows. */
class Numbers {
  readonly bytes: Buffer;
  at: number;

  constructor(bytes: Buffer, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  next(): number {
    let value = 0;
    for (let factor = 1; factor < 2 ** 53; factor *= 128) {
      const byte = this.bytes.readUInt8(this.at);
      this.at += 1;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    throw new BrokenRar();
  }
}
