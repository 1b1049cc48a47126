// The byte ranges of pieces and blocks in a torrent. A block is the unit of requests: 16 KiB of one piece. The last block of a piece is shorter where
// the piece length is no multiple of 16 KiB, and at the end of the torrent.
import type { ByteRange } from '../../base/byte-range.ts';

export const BLOCK_BYTES = 16 * 1024;

/** Offsets are bytes from the start of the torrent's first file. Blocks are numbered across pieces: those of piece 0, those of piece 1, ... */
export class PieceLayout {
  readonly totalBytes: number;
  readonly pieceBytes: number;
  readonly pieceCount: number;
  readonly blocksPerPiece: number;
  /** Mean size of the blocks of a piece: 16 KiB, unless the last block is shorter. */
  readonly blockBytes: number;
  readonly blockCount: number;

  constructor(totalBytes: number, pieceBytes: number) {
    this.totalBytes = totalBytes;
    this.pieceBytes = pieceBytes;
    this.pieceCount = Math.ceil(totalBytes / pieceBytes);
    this.blocksPerPiece = Math.ceil(pieceBytes / BLOCK_BYTES);
    this.blockBytes = pieceBytes / this.blocksPerPiece;
    const lastPieceBytes = totalBytes - (this.pieceCount - 1) * pieceBytes;
    this.blockCount =
      this.pieceCount === 0 ? 0 : (this.pieceCount - 1) * this.blocksPerPiece + Math.ceil(lastPieceBytes / BLOCK_BYTES);
  }

  pieceRange(piece: number): ByteRange {
    const start = piece * this.pieceBytes;
    return { start, end: Math.min(start + this.pieceBytes, this.totalBytes) };
  }

  pieceAt(offset: number): number {
    return Math.floor(offset / this.pieceBytes);
  }

  pieceOf(block: number): number {
    return Math.floor(block / this.blocksPerPiece);
  }

  /** The blocks of a piece, `[start, end)`. */
  blocksOf(piece: number): ByteRange {
    const start = piece * this.blocksPerPiece;
    return { start, end: Math.min(start + this.blocksPerPiece, this.blockCount) };
  }

  blockRange(block: number): ByteRange {
    const piece = this.pieceRange(this.pieceOf(block));
    const start = piece.start + (block % this.blocksPerPiece) * BLOCK_BYTES;
    return { start, end: Math.min(start + BLOCK_BYTES, piece.end) };
  }

  blockAt(offset: number): number {
    const piece = this.pieceAt(offset);
    return piece * this.blocksPerPiece + Math.floor((offset - piece * this.pieceBytes) / BLOCK_BYTES);
  }

  /** The pieces that a range of bytes touches, `[start, end)`; `blocksIn`: the same for blocks. */
  piecesIn({ start, end }: ByteRange): ByteRange {
    return end <= start ? { start: 0, end: 0 } : { start: this.pieceAt(start), end: this.pieceAt(end - 1) + 1 };
  }

  /** The bytes of the pieces `[start, end)`. */
  bytesOfPieces({ start, end }: ByteRange): ByteRange {
    return { start: this.pieceRange(start).start, end: this.pieceRange(end - 1).end };
  }

  /** The bytes of the blocks `[start, end)`. */
  bytesOfBlocks({ start, end }: ByteRange): ByteRange {
    return { start: this.blockRange(start).start, end: this.blockRange(end - 1).end };
  }

  blocksIn({ start, end }: ByteRange): ByteRange {
    return end <= start ? { start: 0, end: 0 } : { start: this.blockAt(start), end: this.blockAt(end - 1) + 1 };
  }
}
