// Only whole pieces can be verified: computes which ranges have to be downloaded so that given bytes of a file can be verified.
import type { ByteRange } from '../../base/byte-range.ts';
import type { FilePart, TorrentHandle, TorrentMetadata } from '../../torrent-engine/protocol/torrent-engine.ts';

/** The pieces that touch the ranges of a file of the torrent, or of a file packed in it, as parts of files; each byte once. */
export async function wholePiecesOf(
  handle: TorrentHandle,
  { fileIndex, ranges }: { fileIndex: number; ranges: readonly ByteRange[] },
  signal: AbortSignal,
): Promise<FilePart[]> {
  const { files, pieceBytes } = await handle.metadata(signal);
  const parts = handle.partsOf?.(fileIndex, ranges) ?? ranges.map((range) => ({ ...range, fileIndex }));
  const placed = placedFiles(files);
  const pieces = parts.map((part) => {
    const offset = placed[part.fileIndex]?.start ?? 0;
    const start = Math.floor((offset + part.start) / pieceBytes) * pieceBytes;
    return { start, end: Math.ceil((offset + part.end) / pieceBytes) * pieceBytes };
  });
  const joined = withoutOverlaps(pieces);
  return placed.flatMap((file) => joined.map((piece) => partOf(file, piece)).filter(({ start, end }) => start < end));
}

/** Byte range of a file in the torrent. */
interface PlacedFile extends ByteRange {
  index: number;
}

function placedFiles(files: TorrentMetadata['files']): PlacedFile[] {
  let end = 0;
  return files.map(({ index, sizeBytes }) => {
    const start = end;
    end += sizeBytes;
    return { index, start, end };
  });
}

/** Two ranges may touch the same piece. */
function withoutOverlaps(ranges: readonly ByteRange[]): ByteRange[] {
  const joined: ByteRange[] = [];
  for (const range of ranges.toSorted((one, other) => one.start - other.start)) {
    const last = joined.at(-1);
    if (last && range.start <= last.end) last.end = Math.max(last.end, range.end);
    else joined.push({ ...range });
  }
  return joined;
}

/** The bytes of the range in the file; empty when `start` is not before `end`. */
function partOf(file: PlacedFile, range: ByteRange): FilePart {
  const [start, end] = [Math.max(range.start, file.start), Math.min(range.end, file.end)];
  return { fileIndex: file.index, start: start - file.start, end: end - file.start };
}
