// Adapts a webtorrent wire to the download: sends requests for blocks, and passes on received blocks, late ones of cancelled requests included.
import type { Wire } from 'webtorrent';
import { BLOCK_BYTES, type PieceLayout } from '../protocol/piece-layout.ts';
import type { PeerLink } from '../download/peer-link.ts';

/** Maximal number of blocks in one HTTP request to a web seed. */
const WEB_SEED_RUN = 64;
const WEB_SEED_REQUESTS = 4 * WEB_SEED_RUN;
/** Cancelled requests that are remembered for each peer. */
const REMEMBERED = 2000;

export interface WireLinkOptions {
  wire: Wire;
  key: string;
  layout: PieceLayout;
  received: (link: PeerLink, block: number, bytes: Uint8Array) => void;
  refused: (link: PeerLink, block: number) => void;
  ban: (link: WireLink, why: string) => void;
}

export class WireLink implements PeerLink {
  readonly key: string;
  readonly isWebSeed: boolean;
  readonly wire: Wire;
  readonly #options: WireLinkOptions;
  readonly #cancelled = new Set<number>();
  /** Blocks requested from a web seed in this turn of the event loop. */
  #batch: number[] = [];
  #isClosed = false;

  constructor(options: WireLinkOptions) {
    this.#options = options;
    this.key = options.key;
    this.wire = options.wire;
    this.isWebSeed = options.wire.type === 'webSeed';
    this.wire.on('piece', (piece: number, offset: number, bytes: Uint8Array) => this.#late(piece, offset, bytes));
  }

  get isClosed(): boolean {
    return this.#isClosed || this.wire.destroyed;
  }

  get requestLimit(): number {
    if (this.isWebSeed) return WEB_SEED_REQUESTS;
    const { reqq } = this.wire.peerExtendedHandshake;
    return typeof reqq === 'number' && reqq > 0 ? reqq : Infinity;
  }

  canSend(piece: number): boolean {
    const { wire } = this;
    if (this.isClosed || !wire.peerPieces.get(piece)) return false;
    return !wire.peerChoking || wire.peerAllowedFastSet.includes(piece);
  }

  request(block: number): void {
    this.#cancelled.delete(block);
    if (!this.isWebSeed) return this.#send(block, block + 1);
    if (this.#batch.length === 0) queueMicrotask(() => this.#sendBatch());
    this.#batch.push(block);
  }

  cancel(block: number): void {
    if (this.#cancelled.size >= REMEMBERED) this.#cancelled.clear();
    this.#cancelled.add(block);
    // A web seed answers with larger parts, which are received completely.
    if (!this.isWebSeed) this.wire.cancel(...this.#place(block, block + 1));
  }

  ban(why: string): void {
    this.#options.ban(this, why);
  }

  /** Marks the link as closed, after the end of the wire. */
  close(): void {
    this.#isClosed = true;
  }

  #sendBatch(): void {
    const blocks = this.#batch.toSorted((one, other) => one - other);
    this.#batch = [];
    const { layout } = this.#options;
    for (let at = 0; at < blocks.length;) {
      const first = blocks[at] ?? 0;
      const mostEnd = Math.min(layout.blocksOf(layout.pieceOf(first)).end, first + WEB_SEED_RUN);
      let end = first;
      while (end < mostEnd && blocks[at] === end) {
        end += 1;
        at += 1;
      }
      this.#send(first, end);
    }
  }

  #send(start: number, end: number): void {
    const { received, refused } = this.#options;
    this.wire.request(...this.#place(start, end), (error, bytes) => {
      for (let block = start; block < end; block += 1) {
        const from = (block - start) * BLOCK_BYTES;
        if (error) refused(this, block);
        else received(this, block, bytes.subarray(from, from + BLOCK_BYTES));
      }
    });
  }

  /** Accepts a block without an open request, if its request was cancelled before. */
  #late(piece: number, offset: number, bytes: Uint8Array): void {
    if (this.isWebSeed) return;
    const block = piece * this.#options.layout.blocksPerPiece + Math.floor(offset / BLOCK_BYTES);
    if (this.#cancelled.delete(block)) this.#options.received(this, block, bytes);
  }

  /** Piece, offset in the piece, length. */
  #place(start: number, end: number): [number, number, number] {
    const { layout } = this.#options;
    const piece = layout.pieceOf(start);
    const first = layout.blockRange(start).start;
    return [piece, first - layout.pieceRange(piece).start, layout.blockRange(end - 1).end - first];
  }
}
