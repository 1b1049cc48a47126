// The block requests of one torrent: which block is requested from which peer, how many at a time, and from which other peer when one is late.
import { MIB } from '../../base/units.ts';
import type { PieceTable } from './piece-table.ts';
import { pickBlocks } from './block-picker.ts';
import { lateBlocks, quickest } from './late-blocks.ts';
import type { PeerLink } from './peer-link.ts';
import { PeerMeter } from './peer-meter.ts';
import type { PieceChecks } from './piece-checks.ts';
import type { Readers } from './readers.ts';
import { URGENCY, type Urgency, type Demand } from './reader-window.ts';

/** A peer that would take longer gets no request that a reader waits for, while there is a better peer. */
const SLOW_MS = 2000;

/** Requests that a reader waits for may exceed the space on the disk by this much. */
export const URGENT_ROOM_BYTES = 16 * MIB;

export interface BlockRequestsOptions {
  table: PieceTable;
  readers: Readers;
  checks: Pick<PieceChecks, 'accepts' | 'expect' | 'failedPieces'>;
  now: () => number;
  roomBytes: () => number;
}

export class BlockRequests {
  readonly #options: BlockRequestsOptions;
  readonly #table: PieceTable;
  readonly #peers = new Map<PeerLink, PeerMeter>();
  #isStopped = false;

  constructor(options: BlockRequestsOptions) {
    this.#options = options;
    this.#table = options.table;
  }

  /** Cancels all requests; no more are sent until `start`. */
  stop(): void {
    this.#isStopped = true;
    for (const [block, copies] of this.#table.requested) for (const { peer } of [...copies]) this.#cancel(block, peer);
  }

  start(): void {
    this.#isStopped = false;
    this.fillAll();
  }

  addPeer(peer: PeerLink): void {
    this.#peers.set(peer, new PeerMeter(this.#table.layout.blockBytes));
  }

  removePeer(peer: PeerLink): void {
    for (const [block, copies] of this.#table.requested) {
      if (copies.some((each) => each.peer === peer)) this.#table.dropRequest(block, peer);
    }
    this.#peers.delete(peer);
  }

  /** Sends requests to every peer up to its depth, the fastest peer first. */
  fillAll(): void {
    const byPace = [...this.#peers].sort(([, one], [, other]) => one.expectedMs() - other.expectedMs());
    for (const [peer] of byPace) this.fill(peer, true);
  }

  /** Sends more requests to a peer; unless `always`, only when half of its requests are answered. */
  fill(peer: PeerLink, always = false): void {
    const meter = this.#peers.get(peer);
    if (!meter || this.#isStopped || peer.isClosed) return;
    const depth = meter.depth(peer.requestLimit, !this.#hasProvenBesides(peer));
    if (meter.inFlight >= depth || (!always && meter.inFlight > depth / 2)) return;
    const roomBytes = this.#options.roomBytes();
    if (roomBytes < -URGENT_ROOM_BYTES) return;
    pickBlocks(this.#table, {
      demands: this.#demands(),
      count: depth - meter.inFlight,
      mostUrgent: this.#mostUrgentFor(peer, meter),
      leastUrgent: roomBytes > 0 ? URGENCY.REST : URGENCY.WAITING,
      accepts: (piece) => peer.canSend(piece) && this.#options.checks.accepts(piece, peer),
      take: (block) => this.#ask(block, peer, meter),
    });
  }

  /** Ends the request, and its copies at other peers. */
  answered(peer: PeerLink, block: number, sizeBytes: number): void {
    const request = this.#table.dropRequest(block, peer);
    if (request) this.#peers.get(peer)?.answered(sizeBytes, request.atMs, this.#options.now());
    for (const { peer: other } of [...(this.#table.requested.get(block) ?? [])]) this.#cancel(block, other);
  }

  /** A request that will not be answered. */
  refused(peer: PeerLink, block: number): void {
    if (this.#table.dropRequest(block, peer)) this.#peers.get(peer)?.gaveUp();
  }

  /** Requests each late block that a reader waits for from another peer. */
  repeatLate(): void {
    if (this.#isStopped) return;
    const nowMs = this.#options.now();
    const isSnubbed = (peer: PeerLink) => this.#peers.get(peer)?.isSnubbed(nowMs) === true;
    for (const { block, lateBy } of lateBlocks(this.#table, { demands: this.#demands(), nowMs, isSnubbed })) {
      for (const peer of lateBy) this.#peers.get(peer)?.wasLate(nowMs);
      this.#askAgain(block, nowMs);
    }
  }

  /** Cancels the requests that no reader waits for, so that the peers are free for a reader that waits for its first byte. */
  cancelUnurgent(): void {
    const urgent = this.#demands().filter(({ urgency }) => urgency <= URGENCY.SOON);
    const spans = urgent.map((demand) => this.#table.layout.blocksIn(demand));
    for (const [block, copies] of this.#table.requested) {
      if (spans.some(({ start, end }) => block >= start && block < end)) continue;
      for (const { peer } of [...copies]) this.#cancel(block, peer);
    }
  }

  #demands(): readonly Demand[] {
    const { checks, readers } = this.#options;
    const open = [...checks.failedPieces].map((piece): Demand => {
      return { ...this.#table.layout.pieceRange(piece), urgency: URGENCY.WAITING, reader: undefined };
    });
    const whole = [...open, ...this.#wholePieces()];
    return whole.length === 0 ? readers.demands : [...whole, ...readers.demands];
  }

  /** A reader of verified bytes waits for the whole piece, wherever in the piece the reader begins and ends. */
  #wholePieces(): Demand[] {
    const { layout } = this.#table;
    return [...this.#options.readers.all]
      .filter(({ order: { verifiedOnly, isWaiting, position, end } }) => verifiedOnly && isWaiting && position < end)
      .map((reader) => {
        const piece = layout.pieceRange(layout.pieceAt(reader.order.position));
        return { ...piece, urgency: URGENCY.WAITING, reader };
      });
  }

  #hasProvenBesides(peer: PeerLink): boolean {
    for (const [other, meter] of this.#peers) if (other !== peer && meter.isProven && !other.isClosed) return true;
    return false;
  }

  #mostUrgentFor(peer: PeerLink, meter: PeerMeter): Urgency {
    const nowMs = this.#options.now();
    const expectedMs = meter.expectedMs();
    const isSnubbed = meter.isSnubbed(nowMs);
    if (!isSnubbed && expectedMs < SLOW_MS) return URGENCY.FIRST;
    for (const [other, its] of this.#peers) {
      const isBetter = its.isProven && !its.isSnubbed(nowMs) && (isSnubbed || its.expectedMs() * 2 < expectedMs);
      if (other !== peer && !other.isClosed && isBetter) return URGENCY.PREFETCH;
    }
    return URGENCY.FIRST;
  }

  #ask(block: number, peer: PeerLink, meter: PeerMeter): void {
    this.#options.checks.expect(this.#table.layout.pieceOf(block), peer);
    const atMs = this.#options.now();
    this.#table.addRequest(block, { peer, atMs, expectedMs: meter.expectedMs() });
    meter.asked(atMs);
    peer.request(block);
  }

  #askAgain(block: number, nowMs: number): void {
    const piece = this.#table.layout.pieceOf(block);
    const has = new Set(this.#table.requested.get(block)?.map(({ peer }) => peer));
    const peer = quickest(this.#peers, (each, meter) => {
      const isFree = !each.isClosed && !has.has(each) && each.canSend(piece) && meter.inFlight < each.requestLimit;
      return isFree && !meter.isSnubbed(nowMs) && this.#options.checks.accepts(piece, each);
    });
    const meter = peer && this.#peers.get(peer);
    if (peer && meter) this.#ask(block, peer, meter);
  }

  #cancel(block: number, peer: PeerLink): void {
    if (!this.#table.dropRequest(block, peer)) return;
    this.#peers.get(peer)?.gaveUp();
    peer.cancel(block);
  }
}
