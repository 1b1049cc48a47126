// The state of each block of a torrent: on the disk or not, requested from which peers, sent by which peer.
import { BitSet } from '../protocol/bit-set.ts';
import type { PieceLayout } from '../protocol/piece-layout.ts';
import type { PeerLink } from './peer-link.ts';

/** One request for a block; a block may be requested from several peers. */
export interface BlockRequest {
  peer: PeerLink;
  atMs: number;
  /** When the block was expected, in milliseconds after `atMs`. */
  expectedMs: number;
}

export class PieceTable {
  readonly layout: PieceLayout;
  /** Blocks on the disk. */
  readonly present: BitSet;
  /** Pieces that passed their hash in this process. */
  readonly verified: BitSet;
  /** Pieces that passed their hash in an earlier process, and have to pass it again before they are read. */
  readonly claimed: BitSet;
  /** Evicted pieces whose space is not freed yet; they are not requested until then. */
  readonly evicting = new Set<number>();
  readonly #requests = new Map<number, BlockRequest[]>();
  /** The senders of blocks in unverified pieces. */
  readonly #senders = new Map<number, PeerLink>();

  constructor(layout: PieceLayout, claimed?: Uint8Array) {
    this.layout = layout;
    this.present = new BitSet(layout.blockCount);
    this.verified = new BitSet(layout.pieceCount);
    this.claimed = new BitSet(layout.pieceCount, claimed);
  }

  /** Blocks that are requested and have not arrived. */
  get requested(): ReadonlyMap<number, readonly BlockRequest[]> {
    return this.#requests;
  }

  /** Whether the block is missing, not requested, and may be requested. */
  isFree(block: number): boolean {
    return !this.present.has(block) && !this.#requests.has(block) && this.isRequestable(this.layout.pieceOf(block));
  }

  /** Whether blocks of the piece may be requested. */
  isRequestable(piece: number): boolean {
    return !this.claimed.has(piece) && !this.evicting.has(piece);
  }

  addRequest(block: number, request: BlockRequest): void {
    const copies = this.#requests.get(block);
    if (copies) copies.push(request);
    else this.#requests.set(block, [request]);
  }

  dropRequest(block: number, peer: PeerLink): BlockRequest | undefined {
    const copies = this.#requests.get(block) ?? [];
    const at = copies.findIndex((each) => each.peer === peer);
    const [dropped] = at < 0 ? [] : copies.splice(at, 1);
    if (copies.length === 0) this.#requests.delete(block);
    return dropped;
  }

  /** Adds a block that was written. False: it was in the table before. */
  addBlock(block: number, sender: PeerLink): boolean {
    if (!this.present.add(block)) return false;
    this.#senders.set(block, sender);
    return true;
  }

  isComplete(piece: number): boolean {
    const { start, end } = this.layout.blocksOf(piece);
    return this.present.nextClear(start, end) === end;
  }

  sendersOf(piece: number): Map<number, PeerLink> {
    const { start, end } = this.layout.blocksOf(piece);
    const senders = new Map<number, PeerLink>();
    for (let block = start; block < end; block += 1) {
      const sender = this.#senders.get(block);
      if (sender) senders.set(block, sender);
    }
    return senders;
  }

  /** Unverified pieces with blocks of this peer. */
  piecesFrom(peer: PeerLink): Set<number> {
    const pieces = new Set<number>();
    for (const [block, sender] of this.#senders) if (sender === peer) pieces.add(this.layout.pieceOf(block));
    return pieces;
  }

  verify(piece: number): void {
    const { start, end } = this.layout.blocksOf(piece);
    this.present.addRange(start, end);
    this.verified.add(piece);
    this.claimed.delete(piece);
    for (let block = start; block < end; block += 1) this.#senders.delete(block);
  }

  /** Resets a piece to missing and unverified. */
  forget(piece: number): void {
    const { start, end } = this.layout.blocksOf(piece);
    this.present.deleteRange(start, end);
    this.verified.delete(piece);
    this.claimed.delete(piece);
    for (let block = start; block < end; block += 1) this.#senders.delete(block);
  }

  forgetBlock(block: number): void {
    this.present.delete(block);
    this.#senders.delete(block);
  }

  /** Bytes on the disk, at most. */
  get diskBytes(): number {
    const { layout } = this;
    const bytes =
      this.present.count * layout.blockBytes + (this.claimed.count + this.evicting.size) * layout.pieceBytes;
    return Math.min(Math.ceil(bytes), layout.totalBytes);
  }
}
