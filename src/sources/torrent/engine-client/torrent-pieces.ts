// The bytes of one torrent that are on the disk, and those that are verified, as the engine's process reported them.
import type { ByteRange } from '../../../base/byte-range.ts';
import { BitSet } from '../../../torrent-engine/protocol/bit-set.ts';
import type { MetadataReport } from '../../../torrent-engine/protocol/engine-protocol.ts';
import { PieceLayout } from '../../../torrent-engine/protocol/piece-layout.ts';
import type { Presence } from '../../../torrent-engine/protocol/torrent-engine.ts';

/** Ranges are bytes of the torrent, `[start, end)`, unless they say blocks. */
export class TorrentPieces {
  readonly #layout: PieceLayout;
  /** Blocks on the disk. */
  readonly #present: BitSet;
  readonly #verified: BitSet;
  /** Pieces of an earlier process, which have to be verified again before a reader gets them. */
  #claimed: BitSet;
  /** Blocks that a reader got before their piece was verified. */
  readonly #unverifiedReads: BitSet;

  constructor({ totalBytes, pieceBytes, claimed }: Pick<MetadataReport, 'totalBytes' | 'pieceBytes' | 'claimed'>) {
    this.#layout = new PieceLayout(totalBytes, pieceBytes);
    const { blockCount, pieceCount } = this.#layout;
    [this.#present, this.#unverifiedReads] = [new BitSet(blockCount), new BitSet(blockCount)];
    [this.#verified, this.#claimed] = [new BitSet(pieceCount), new BitSet(pieceCount, claimed)];
  }

  get pieceCount(): number {
    return this.#layout.pieceCount;
  }

  /** Claimed pieces that the current process reported, as a bitfield. */
  set claimed(claimed: Uint8Array) {
    this.#claimed = new BitSet(this.pieceCount, claimed);
  }

  presence(range: ByteRange): Presence {
    const blocks = this.#layout.blocksIn(range);
    const pieces = this.#layout.piecesIn(range);
    const inPieces = (set: BitSet) =>
      bytesIn(range, set.runs(pieces.start, pieces.end), (run) => this.#layout.bytesOfPieces(run));
    const runs = this.#present.runs(blocks.start, blocks.end);
    return {
      presentBytes: bytesIn(range, runs, (run) => this.#layout.bytesOfBlocks(run)) + inPieces(this.#claimed),
      verifiedBytes: inPieces(this.#verified),
      pieces: pieces.end - pieces.start,
      verifiedPieces: this.#verified.countIn(pieces.start, pieces.end),
    };
  }

  /** End of the bytes that can be read without a gap from the start of a range; the start itself when there are none. */
  readableEnd({ start, end }: ByteRange, verifiedOnly: boolean): number {
    if (verifiedOnly) {
      const pieces = this.#layout.piecesIn({ start, end });
      const piece = this.#verified.nextClear(pieces.start, pieces.end);
      return piece >= pieces.end ? end : Math.max(start, this.#layout.pieceRange(piece).start);
    }
    const blocks = this.#layout.blocksIn({ start, end });
    const block = this.#present.nextClear(blocks.start, blocks.end);
    return block >= blocks.end ? end : Math.max(start, this.#layout.blockRange(block).start);
  }

  /** Notes the unverified blocks in a range that a reader returned. */
  noteRead(range: ByteRange): void {
    const { start, end } = this.#layout.blocksIn(range);
    for (let block = start; block < end; block += 1)
      if (!this.#verified.has(this.#layout.pieceOf(block))) this.#unverifiedReads.add(block);
  }

  /** The parts of a range that a reader got and that are not verified yet. */
  unverifiedReads(range: ByteRange): ByteRange[] {
    const { start, end } = this.#layout.blocksIn(range);
    return [...this.#unverifiedReads.runs(start, end)].map((run) => {
      const bytes = this.#layout.bytesOfBlocks(run);
      return { start: Math.max(bytes.start, range.start), end: Math.min(bytes.end, range.end) };
    });
  }

  addBlocks(blocks: ByteRange): void {
    this.#present.addRange(blocks.start, blocks.end);
  }

  verify(piece: number): void {
    const { start, end } = this.#layout.blocksOf(piece);
    this.#present.addRange(start, end);
    this.#unverifiedReads.deleteRange(start, end);
    this.#verified.add(piece);
    this.#claimed.delete(piece);
  }

  evict({ start, end }: ByteRange): void {
    this.#present.deleteRange(start, end);
    for (let piece = this.#layout.pieceOf(start); piece <= this.#layout.pieceOf(end - 1); piece += 1) {
      this.#verified.delete(piece);
      this.#claimed.delete(piece);
    }
  }

  /** Removes corrupt blocks. Returns their bytes, and whether a reader got some of them. */
  invalidate(blocks: ByteRange): { bytes: ByteRange; wereRead: boolean } {
    this.evict(blocks);
    const wereRead = this.#unverifiedReads.nextSet(blocks.start, blocks.end) < blocks.end;
    this.#unverifiedReads.deleteRange(blocks.start, blocks.end);
    return { bytes: this.#layout.bytesOfBlocks(blocks), wereRead };
  }

  /** The process ended: the next one knows the verified pieces, and has to verify them again. */
  lostEngine(): void {
    for (const piece of this.#verified.members()) this.#claimed.add(piece);
    this.#present.deleteRange(0, this.#present.size);
    this.#verified.deleteRange(0, this.#verified.size);
  }
}

/** Number of bytes of `range` that lie in runs of pieces or blocks; `bytesOf` returns the bytes of a run. */
function bytesIn(range: ByteRange, runs: Iterable<ByteRange>, bytesOf: (run: ByteRange) => ByteRange): number {
  let bytes = 0;
  for (const run of runs) {
    const { start, end } = bytesOf(run);
    bytes += Math.min(end, range.end) - Math.max(start, range.start);
  }
  return bytes;
}
