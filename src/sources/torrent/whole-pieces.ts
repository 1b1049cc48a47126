// Only whole pieces can be verified: computes which ranges have to be downloaded so that given bytes of a file can be verified.
import type { ByteRange } from '../../base/byte-range.ts';
import type { FilePart, TorrentHandle, TorrentMetadata } from '../../torrent-engine/protocol/torrent-engine.ts';

/** The pieces that touch the ranges of a file of the torrent, or of a file packed in it, as parts of files. */
export async function wholePiecesOf(
  handle: TorrentHandle,
  { fileIndex, ranges }: { fileIndex: number; ranges: readonly ByteRange[] },
  signal: AbortSignal,
): Promise<FilePart[]> {
  const metadata = await handle.metadata(signal);
  const parts = handle.partsOf?.(fileIndex, ranges) ?? ranges.map((range) => ({ ...range, fileIndex }));
  return [...Map.groupBy(parts, (part) => part.fileIndex)].flatMap(([index, inFile]) =>
    wholePieces(metadata, index, inFile),
  );
}

/** The pieces that touch the ranges of a file, as parts of that file and its neighbours. */
function wholePieces(
  { files, pieceBytes }: Pick<TorrentMetadata, 'files' | 'pieceBytes'>,
  fileIndex: number,
  ranges: readonly ByteRange[],
): FilePart[] {
  const own = files.slice(0, fileIndex).reduce((sum, file) => sum + file.sizeBytes, 0);
  const pieces = ranges.map(({ start, end }) => ({
    start: Math.floor((own + start) / pieceBytes) * pieceBytes,
    end: Math.ceil((own + end) / pieceBytes) * pieceBytes,
  }));
  const parts: FilePart[] = [];
  let fileStart = 0;
  for (const { index, sizeBytes } of files) {
    for (const piece of pieces) {
      const start = Math.max(piece.start - fileStart, 0);
      const end = Math.min(piece.end - fileStart, sizeBytes);
      if (start < end) parts.push({ fileIndex: index, start, end });
    }
    fileStart += sizeBytes;
  }
  return parts;
}
