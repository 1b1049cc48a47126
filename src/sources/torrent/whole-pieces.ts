// Only whole pieces can be checked: what of a torrent has to be there before some bytes of a file have been.
import type { ByteRange } from '../../base/byte-range.ts';
import type { TorrentMetadata } from './torrent-engine.ts';

/** `[start, end)` of a file. */
export interface FilePart extends ByteRange {
  fileIndex: number;
}

/** The pieces that touch the ranges of a file, in that file and in its neighbours. */
export function wholePieces(
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
