// Writes, hashes and reports the blocks that arrive. While a peer is suspected, only verified pieces are reported.
import { MIB } from '../../base/units.ts';
import type { ByteRange } from '../../base/byte-range.ts';
import { BadPeers } from './bad-peers.ts';
import type { DataFile } from './data-file.ts';
import type { PeerLink } from './peer-link.ts';
import { PieceHasher } from './piece-hasher.ts';
import type { PieceTable } from './piece-table.ts';
import { URGENCY, type Demand } from './reader-window.ts';

/** Pieces of an earlier process that no reader demands are hashed at this rate per tick. */
const IDLE_CHECK_BYTES = 4 * MIB;
/** Maximal time a piece is held back while the sender of corrupt blocks is searched. */
const HOLD_MS = 5000;

export interface PieceEvents {
  onBlocks: (start: number, end: number) => void;
  onVerified: (piece: number) => void;
  /** Blocks that were reported, and possibly read, and are corrupt. */
  onBad: (ranges: readonly ByteRange[]) => void;
  /** A piece of an earlier process has other bytes than when it was verified. */
  onCorrupt: (piece: number) => void;
  /** A block could not be written. */
  onDiskError: (error: unknown) => void;
}

export interface PieceChecksOptions extends PieceEvents {
  table: PieceTable;
  /** SHA-1 of each piece, hex. */
  hashes: readonly string[];
  file: DataFile;
  now: () => number;
  /** A piece passed or failed its hash: peers may be free for other requests. */
  onChecked: () => void;
}

export class PieceChecks {
  readonly counts = { downloadedBytes: 0, wastedBytes: 0, badBytes: 0, badPieces: 0, corruptPieces: 0 };
  readonly #options: PieceChecksOptions;
  readonly #table: PieceTable;
  readonly #hasher: PieceHasher;
  readonly #bad = new BadPeers();
  /** Complete pieces that wait until no sender is suspected, with the time since. */
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

  /** Pieces that failed their hash and have not passed it since. */
  get failedPieces(): Iterable<number> {
    return this.#bad.failedPieces;
  }

  /** Whether blocks of this piece may be requested from this peer. */
  accepts(piece: number, peer: PeerLink): boolean {
    return this.#bad.accepts(piece, peer);
  }

  /** A block of the piece is requested from `peer`. A piece that failed before has to come completely from this one peer. */
  expect(piece: number, peer: PeerLink): void {
    if (!this.#bad.isFailed(piece) || !this.#bad.choose(piece, peer)) return;
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

  /** Removes pieces from the table; the caller frees their space on the disk. */
  evict(pieces: Iterable<number>): void {
    for (const piece of pieces) {
      this.#table.forget(piece);
      this.#hasher.forget(piece);
      this.#held.delete(piece);
    }
  }

  /** Ranges of blocks that may be reported: while a peer is suspected, only those of verified pieces. */
  *reportable(): Generator<ByteRange> {
    const { present, verified, layout } = this.#table;
    if (!this.#hasWithheld) yield* present.runs();
    else for (const piece of verified.members()) yield layout.blocksOf(piece);
  }

  /** Verifies the pieces of an earlier process that a reader demands, before all others. */
  checkWanted(demands: readonly Demand[]): void {
    const { claimed, layout } = this.#table;
    if (claimed.count === 0) return;
    const urgent: number[] = [];
    for (const demand of demands) {
      const { start, end } = layout.piecesIn(demand);
      for (const piece of claimed.members(start, end)) {
        if (demand.urgency <= URGENCY.SOON) urgent.push(piece);
        else this.#hasher.check(piece);
      }
    }
    for (const piece of urgent.toReversed()) this.#hasher.check(piece, true);
  }

  /** When no peer is suspected any more, verifies and reports what was held back. */
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

  /** Blocks of an open piece are accepted from one peer only. */
  #mayUse(piece: number, peer: PeerLink): boolean {
    return !this.#bad.isFailed(piece) || this.#bad.sourceOf(piece) === peer;
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
    if (suspects.size === 0 && !this.#bad.isFailed(piece)) this.#options.onBlocks(block, block + 1);
    else this.#hasWithheld = true;
    if (!this.#table.isComplete(piece)) return;
    const senders = new Set(this.#table.sendersOf(piece).values());
    if (!this.#bad.isFailed(piece) && senders.size > 1 && [...senders].some((each) => suspects.has(each))) {
      this.#held.set(piece, this.#options.now());
    } else this.#hasher.check(piece);
  }

  #checked(piece: number, isGood: boolean): void {
    if (isGood) this.#passed(piece);
    else if (this.#table.claimed.has(piece)) {
      this.counts.corruptPieces += 1;
      this.#table.forget(piece);
      this.#options.onCorrupt(piece);
    } else this.#failed(piece);
    this.#options.onChecked();
  }

  #passed(piece: number): void {
    const hadFailed = this.#bad.isFailed(piece);
    const guilty = hadFailed ? this.#bad.passed(piece, (block) => this.#readBlock(block)) : new Set<PeerLink>();
    this.#table.verify(piece);
    this.#options.onVerified(piece);
    for (const peer of guilty) this.#ban(peer);
    if (hadFailed) this.releaseWithheld();
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

  /** Bans the peer and drops all unverified blocks that it sent. */
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
