// Writes a file from many parts with few system calls: the parts of a segment are single packets.
import { open } from 'node:fs/promises';

/** Creates or replaces the file; resolves with its size. A failure leaves a partial file. @throws the error of the file system */
export async function writeParts(path: string, parts: readonly Uint8Array[]): Promise<number> {
  await using file = await open(path, 'w');
  let sizeBytes = 0;
  let rest = parts.filter((part) => part.byteLength > 0);
  while (rest.length > 0) {
    const { bytesWritten } = await file.writev(rest);
    sizeBytes += bytesWritten;
    rest = after(rest, bytesWritten);
  }
  return sizeBytes;
}

/** The parts after the first `bytes` bytes: a disk that runs full takes only some bytes. */
function after(parts: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let skipped = 0;
  for (const [index, part] of parts.entries()) {
    if (skipped + part.byteLength > bytes) return [part.subarray(bytes - skipped), ...parts.slice(index + 1)];
    skipped += part.byteLength;
  }
  return [];
}
