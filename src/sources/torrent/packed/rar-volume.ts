// Lists the files in one volume of a RAR archive from its block heads; file data is not read.
import type { ByteRange } from '../../../base/byte-range.ts';
import { BrokenRar, RAR_FORMATS, type RarBlock, type RarFile, type RarFormat } from './rar-blocks.ts';

/** A file, or a part of one, and the range of its bytes in the volume. */
export interface RarEntry extends RarFile {
  data: ByteRange;
}

export interface VolumeReader {
  sizeBytes: number;
  /** Returns fewer bytes only at the end of the volume. */
  read(range: ByteRange): Promise<Uint8Array>;
}

/** Enough for the heads of a volume that holds one file, and within one BitTorrent block. */
const WINDOW_BYTES = 4096;
/** Bound for heads with long names, comments or encryption data. */
const MOST_HEAD_BYTES = 2 ** 18;
/** A usual volume has three blocks. */
const MOST_BLOCKS = 500;

/** The search ends at a file that continues in the next volume. @throws BrokenRar for an invalid volume; what `read` throws */
export async function rarEntries(volume: VolumeReader): Promise<RarEntry[]> {
  const first = await bytesAt(volume, 0, WINDOW_BYTES);
  const format = RAR_FORMATS.find(({ signature }) => first.subarray(0, signature.length).equals(signature));
  if (format === undefined) throw new BrokenRar();
  const entries: RarEntry[] = [];
  let at = format.signature.length;
  for (let count = 0; at < volume.sizeBytes && count < MOST_BLOCKS; count += 1) {
    const block = blockIn(format, first.subarray(at)) ?? (await blockAt(volume, format, at));
    const start = at + block.headBytes;
    const data = { start, end: start + block.dataBytes };
    if (data.end > volume.sizeBytes) throw new BrokenRar();
    if (block.isEnd) break;
    if (block.file !== undefined && !block.file.isDirectory) entries.push({ ...block.file, data });
    if (block.file?.isSplitAfter === true) break;
    at = data.end;
  }
  return entries;
}

async function blockAt(volume: VolumeReader, format: RarFormat, at: number): Promise<RarBlock> {
  for (let sizeBytes = WINDOW_BYTES; ; sizeBytes *= 8) {
    const bytes = await bytesAt(volume, at, sizeBytes);
    const block = blockIn(format, bytes);
    if (block !== undefined) return block;
    if (sizeBytes > MOST_HEAD_BYTES || bytes.length < sizeBytes) throw new BrokenRar();
  }
}

/** Returns undefined when more bytes are needed. */
function blockIn(format: RarFormat, bytes: Buffer): RarBlock | undefined {
  try {
    return format.parseBlock(bytes);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

async function bytesAt({ sizeBytes, read }: VolumeReader, start: number, count: number): Promise<Buffer> {
  const bytes = await read({ start, end: Math.min(sizeBytes, start + count) });
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
