// What is known about each block of a torrent: on the disk or not, who was asked for it, who sent it.
import { BitSet } from '../protocol/bit-set.ts';
import type { PieceLayout } from '../protocol/piece-layout.ts';
import type { PeerLink } from './peer-link.ts';

/** One copy of a block that was asked for. */
export interface BlockRequest {
  peer: PeerLink;
  atMs: number;
  /** When it was expected, milliseconds after `atMs`. */
  expectedMs: number;
}

export class PieceTable {
  readonly layout: PieceLayout;
  /** Blocks on the disk. */
  readonly present: BitSet;
  /** Pieces that passed their hash in this process. */
  readonly verified: BitSet;
  /** Pieces that passed it in an earlier one, and have to again before anybody gets them. */
  readonly claimed: BitSet;
  /** Pieces whose room is about to be given back; not to be fetched until then. */
  readonly leaving = new Set<number>();
  readonly #requests = new Map<number, BlockRequest[]>();
  /** Of blocks in pieces that are not verified. */
  readonly #senders = new Map<number, PeerLink>();

  constructor(layout: PieceLayout, claimed?: Uint8Array) {
    this.layout = layout;
    this.present = new BitSet(layout.blockCount);
    this.verified = new BitSet(layout.pieceCount);
    this.claimed = new BitSet(layout.pieceCount, claimed);
  }

  /** Blocks that were asked for and have not come. */
  get requested(): ReadonlyMap<number, readonly BlockRequest[]> {
    return this.#requests;
  }

  /** Nothing of it is here and nobody was asked. */
  isFree(block: number): boolean {
    return !this.present.has(block) && !this.#requests.has(block) && this.isOpen(this.layout.pieceOf(block));
  }

  /** Whether blocks of it may be asked for. */
  isOpen(piece: number): boolean {
    return !this.claimed.has(piece) && !this.leaving.has(piece);
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

  /** Whether the block is news; it is on the disk already. */
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

  /** As if nothing of it had ever come. */
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
    const bytes = this.present.count * layout.blockBytes + (this.claimed.count + this.leaving.size) * layout.pieceBytes;
    return Math.min(Math.ceil(bytes), layout.totalBytes);
  }
}
