// Reads all bytes of a segment, as a reply reads them.
import type { Segment } from '../../../src/media/store/segment-store.ts';

export async function bytesOfSegment(segment: Segment): Promise<Buffer> {
  using parts = await segment.open({ start: 0, end: segment.sizeBytes });
  if (parts.bytes) return Buffer.from(parts.bytes);
  const chunks: Buffer[] = [];
  const buffer = Buffer.alloc(64 * 1024);
  for (let count = await parts.read(buffer); count > 0; count = await parts.read(buffer))
    chunks.push(Buffer.from(buffer.subarray(0, count)));
  return Buffer.concat(chunks);
}
