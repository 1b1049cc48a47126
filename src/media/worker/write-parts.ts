// Writes a file from many parts with few calls: the parts of a segment are the packets as they came.
import { open } from 'node:fs/promises';

/** Makes the file anew and resolves with its size. What was written stays behind a failure. @throws the error of the file system */
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

/** What is left of the parts behind the first `bytes` bytes: a disk that gets full takes some of them. */
function after(parts: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let skipped = 0;
  for (const [index, part] of parts.entries()) {
    if (skipped + part.byteLength > bytes) return [part.subarray(bytes - skipped), ...parts.slice(index + 1)];
    skipped += part.byteLength;
  }
  return [];
}
