// Recognises interrupted MP4 downloads: the media is present, but the index at the end is missing.
import type { ByteReader } from '../container/container-index.ts';
import { BOX_HEADER_BYTES, parseBoxHeader } from './mp4-boxes.ts';
import { WindowedReader } from '../container/windowed-reader.ts';

const FIRST_BOXES = new Set(['ftyp', 'mdat', 'free', 'skip', 'wide', 'pnot', 'styp']);
const MAX_BOXES = 64;

/** Whether the file begins like an MP4 file and ends in the middle of a box, or between two, without a `moov` box before. */
export async function isCutOffMp4(reader: ByteReader): Promise<boolean> {
  const windowed = new WindowedReader(reader);
  let offset = 0;
  for (let boxes = 0; boxes < MAX_BOXES; boxes++) {
    const header = parseBoxHeader(await windowed.read(offset, BOX_HEADER_BYTES));
    if (!header) return boxes > 0 && offset >= (reader.sizeBytes ?? Infinity);
    if (boxes === 0 && !FIRST_BOXES.has(header.type)) return false;
    if (header.type === 'moov' || header.sizeBytes === undefined) return false;
    offset += header.sizeBytes;
  }
  return false;
}
