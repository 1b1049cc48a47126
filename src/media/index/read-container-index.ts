// Detects the container by its first bytes and reads its index.
import type { ByteReader, ContainerIndex } from './container/container-index.ts';
import { readMatroskaIndex } from './matroska/matroska-index.ts';
import { readMp4Index } from './mp4/mp4-index.ts';
import { readTransportStreamIndex, SNIFFED_BYTES } from './transport-stream-programs.ts';

const MATROSKA_MAGIC = '\x1a\x45\xdf\xa3';
const MP4_FIRST_BOXES = new Set(['ftyp', 'moov', 'mdat', 'free', 'skip', 'wide', 'pnot', 'styp']);

/**
 * The index of an MP4, QuickTime, Matroska or WebM source, from its own tables; for an MPEG transport stream, its programmes.
 * Undefined for any other container, or when the tables are missing or unusable.
 * @throws AppError NOT_MEDIA when the file is truncated before its tables; what the reader throws
 */
export async function readContainerIndex(reader: ByteReader): Promise<ContainerIndex | undefined> {
  const head = await reader.read({ start: 0, end: SNIFFED_BYTES });
  const first = String.fromCharCode(...head.subarray(0, 8));
  if (first.startsWith(MATROSKA_MAGIC)) return readMatroskaIndex(reader);
  if (MP4_FIRST_BOXES.has(first.slice(4, 8))) return readMp4Index(reader);
  return readTransportStreamIndex(reader, head);
}
