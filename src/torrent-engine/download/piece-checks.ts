// What becomes of blocks that arrive: written, hashed by piece, reported. While a peer is under suspicion only checked pieces are reported.
import { MIB } from '../../base/units.ts';
import type { ByteRange } from '../../base/byte-range.ts';
import { BadPeers } from './bad-peers.ts';
import type { DataFile } from './data-file.ts';
import type { PeerLink } from './peer-link.ts';
import { PieceHasher } from './piece-hasher.ts';
import type { PieceTable } from './piece-table.ts';
import { URGENCY, type Wish } from './reader-window.ts';

/** Hashing of kept pieces that no reader wants, per tick. */
const IDLE_CHECK_BYTES = 4 * MIB;
/** A piece is held back for so long at most while the sender of bad blocks is searched for. */
const HOLD_MS = 5000;

export interface PieceEvents {
  onBlocks: (start: number, end: number) => void;
  onVerified: (piece: number) => void;
  /** Blocks that were reported, or read from, and are bad. */
  onBad: (ranges: readonly ByteRange[]) => void;
  /** A piece that was kept has other bytes than when it was verified. */
  onRotten: (piece: number) => void;
  /** A block could not be written. */
  onDiskError: (error: unknown) => void;
}

export interface PieceChecksOptions extends PieceEvents {
  table: PieceTable;
  /** SHA-1 of each piece, hex. */
  hashes: readonly string[];
  file: DataFile;
  now: () => number;
  /** A piece passed or failed: peers may be free for other requests. */
  onChecked: () => void;
}

export class PieceChecks {
  readonly counts = { downloadedBytes: 0, wastedBytes: 0, badBytes: 0, badPieces: 0, rottenPieces: 0 };
  readonly #options: PieceChecksOptions;
  readonly #table: PieceTable;
  readonly #hasher: PieceHasher;
  readonly #bad = new BadPeers();
  /** Complete pieces that wait for a suspicion to be cleared up, with the time since. */
  readonly #held = new Map<number, number>();
  /** Some blocks on the disk have not been reported. */
  #hasWithheld = false;

  constructor(options: PieceChecksOptions) {
    this.#options = options;
    this.#table = options.table;
    this.#hasher = new PieceHasher({
      table: options.table,
      hashes: options.hashes,
      readBlock: (block) => this.#readBlock(block),
      onDone: (piece, isGood) => this.#checked(piece, isGood),
    });
  }

  /** Pieces that failed and have not come whole since. */
  get openPieces(): Iterable<number> {
    return this.#bad.openPieces;
  }

  /** Whether this peer may be asked for blocks of this piece. */
  accepts(piece: number, peer: PeerLink): boolean {
    return this.#bad.accepts(piece, peer);
  }

  /** A block of the piece is requested from `peer`: where the piece failed before, all of it has to come from this one peer. */
  expect(piece: number, peer: PeerLink): void {
    if (!this.#bad.isOpen(piece) || !this.#bad.choose(piece, peer)) return;
    this.evict([piece]);
    this.#options.onBad([this.#table.layout.blocksOf(piece)]);
  }

  received(peer: PeerLink, block: number, bytes: Uint8Array): void {
    const { layout, present } = this.#table;
    const range = layout.blockRange(block);
    const isUseful =
      bytes.length === range.end - range.start && !present.has(block) && this.#mayUse(layout.pieceOf(block), peer);
    if (isUseful) this.#keep(block, bytes, peer);
    else this.counts.wastedBytes += bytes.length;
  }

  /** To be called ten times a second. */
  tick(): void {
    const nowMs = this.#options.now();
    for (const [piece, sinceMs] of this.#held) {
      if (nowMs - sinceMs < HOLD_MS) continue;
      this.#held.delete(piece);
      this.#hasher.check(piece);
    }
    this.#checkIdle();
  }

  /** Removes pieces from the table; their room on the disk is freed by the caller. */
  evict(pieces: Iterable<number>): void {
    for (const piece of pieces) {
      this.#table.forget(piece);
      this.#hasher.forget(piece);
      this.#held.delete(piece);
    }
  }

  /** Blocks that may be reported: while a peer is under suspicion only those whose piece has passed its hash. */
  *tellable(): Generator<ByteRange> {
    const { present, verified, layout } = this.#table;
    if (!this.#hasWithheld) yield* present.runs();
    else for (const piece of verified.members()) yield layout.blocksOf(piece);
  }

  /** Kept pieces that a reader wants are checked before all others. */
  checkWanted(wishes: readonly Wish[]): void {
    const { claimed, layout } = this.#table;
    if (claimed.count === 0) return;
    const urgent: number[] = [];
    for (const wish of wishes) {
      const { start, end } = layout.piecesIn(wish);
      for (const piece of claimed.members(start, end)) {
        if (wish.urgency <= URGENCY.NEAR) urgent.push(piece);
        else this.#hasher.check(piece);
      }
    }
    for (const piece of urgent.toReversed()) this.#hasher.check(piece, true);
  }

  /** Once no peer is under suspicion, what was held back is checked and reported. */
  releaseWithheld(): void {
    if (!this.#hasWithheld || this.#bad.suspects.size > 0) return;
    this.#hasWithheld = false;
    for (const piece of this.#held.keys()) if (this.#table.isComplete(piece)) this.#hasher.check(piece);
    this.#held.clear();
    for (const { start, end } of this.#table.present.runs()) this.#options.onBlocks(start, end);
  }

  #checkIdle(): void {
    const { claimed, layout } = this.#table;
    if (claimed.count === 0 || this.#hasher.waiting > 0) return;
    for (const piece of [...claimed.members().take(Math.ceil(IDLE_CHECK_BYTES / layout.pieceBytes))]) {
      this.#hasher.check(piece);
    }
  }

  /** A piece under suspicion comes from one peer alone. */
  #mayUse(piece: number, peer: PeerLink): boolean {
    return !this.#bad.isOpen(piece) || this.#bad.sourceOf(piece) === peer;
  }

  #keep(block: number, bytes: Uint8Array, peer: PeerLink): void {
    const { layout } = this.#table;
    const piece = layout.pieceOf(block);
    try {
      this.#options.file.write(bytes, layout.blockRange(block).start);
    } catch (error) {
      this.#options.onDiskError(error);
      return;
    }
    this.counts.downloadedBytes += bytes.length;
    this.#table.addBlock(block, peer);
    this.#hasher.add(block, bytes);
    const suspects = this.#bad.suspects;
    if (suspects.size === 0 && !this.#bad.isOpen(piece)) this.#options.onBlocks(block, block + 1);
    else this.#hasWithheld = true;
    if (!this.#table.isComplete(piece)) return;
    const senders = new Set(this.#table.sendersOf(piece).values());
    if (!this.#bad.isOpen(piece) && senders.size > 1 && [...senders].some((each) => suspects.has(each))) {
      this.#held.set(piece, this.#options.now());
    } else this.#hasher.check(piece);
  }

  #checked(piece: number, isGood: boolean): void {
    if (isGood) this.#passed(piece);
    else if (this.#table.claimed.has(piece)) {
      this.counts.rottenPieces += 1;
      this.#table.forget(piece);
      this.#options.onRotten(piece);
    } else this.#failed(piece);
    this.#options.onChecked();
  }

  #passed(piece: number): void {
    const wasOpen = this.#bad.isOpen(piece);
    const guilty = wasOpen ? this.#bad.passed(piece, (block) => this.#readBlock(block)) : new Set<PeerLink>();
    this.#table.verify(piece);
    this.#options.onVerified(piece);
    for (const peer of guilty) this.#ban(peer);
    if (wasOpen) this.releaseWithheld();
  }

  #failed(piece: number): void {
    const blocks = this.#table.layout.blocksOf(piece);
    const range = this.#table.layout.pieceRange(piece);
    this.counts.badPieces += 1;
    this.counts.badBytes += range.end - range.start;
    const guilty = this.#bad.failed(piece, this.#table.sendersOf(piece), (block) => this.#readBlock(block));
    this.#table.forget(piece);
    this.#options.onBad([blocks]);
    if (guilty) this.#ban(guilty);
    this.releaseWithheld();
  }

  /** All unverified blocks that the peer sent are dropped too. */
  #ban(peer: PeerLink): void {
    const lost: ByteRange[] = [];
    for (const piece of this.#table.piecesFrom(peer)) {
      this.#hasher.forget(piece);
      this.#held.delete(piece);
      for (const [block, sender] of this.#table.sendersOf(piece)) {
        if (sender !== peer) continue;
        this.#table.forgetBlock(block);
        lost.push({ start: block, end: block + 1 });
      }
    }
    if (lost.length > 0) this.#options.onBad(lost);
    peer.ban('it sent data that is not of this torrent');
  }

  #readBlock(block: number): Uint8Array {
    return this.#options.file.read(this.#table.layout.blockRange(block));
  }
}
