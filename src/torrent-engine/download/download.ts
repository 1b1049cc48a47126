// The download of one torrent: decides which peer is asked for which block, writes what comes, checks it, and says what is there.
import type { ByteRange } from '../../base/byte-range.ts';
import type { ReaderOrder } from '../protocol/engine-protocol.ts';
import type { PieceLayout } from '../protocol/piece-layout.ts';
import { BadPeers } from './bad-peers.ts';
import { pickBlocks } from './block-picker.ts';
import type { DataFile } from './data-file.ts';
import { lateBlocks, quickest } from './late-blocks.ts';
import type { PeerLink } from './peer-link.ts';
import { PeerMeter } from './peer-meter.ts';
import { PieceHasher } from './piece-hasher.ts';
import { PieceTable } from './piece-table.ts';
import { Readers } from './readers.ts';
import { URGENCY, type Urgency, type Wish } from './reader-window.ts';

/** A peer that would take longer gets nothing somebody waits for, while there is a better one. */
const SLOW_MS = 2000;
/** Hashing of kept pieces nobody asks for, per tick. */
const IDLE_CHECK_BYTES = 4 * 2 ** 20;
/** A piece is held back for so long at most while it is found out who sends bad blocks. */
const HOLD_MS = 5000;

/** What somebody waits for may go so far beyond the room there is. */
export const URGENT_ROOM_BYTES = 16 * 2 ** 20;

export interface DownloadOptions {
  layout: PieceLayout;
  /** SHA-1 of each piece, hex. */
  hashes: readonly string[];
  file: DataFile;
  /** Pieces an earlier process had, as a bitfield. */
  claimed: Uint8Array | undefined;
  mostAheadBytes: number;
  now: () => number;
  /** Bytes that may still come; what somebody waits for may come all the same, within limits. */
  roomBytes: () => number;
  onBlocks: (start: number, end: number) => void;
  onVerified: (piece: number) => void;
  /** Blocks that were told of, or read from, and are bad. */
  onBad: (ranges: readonly ByteRange[]) => void;
  /** A piece that was kept turned out not to be what it was. */
  onRotten: (piece: number) => void;
  /** A block could not be written. */
  onDiskError: (error: unknown) => void;
}

export class Download {
  readonly table: PieceTable;
  readonly readers: Readers;
  readonly counts = { downloadedBytes: 0, wastedBytes: 0, badBytes: 0, badPieces: 0, rottenPieces: 0 };
  readonly #options: DownloadOptions;
  readonly #hasher: PieceHasher;
  readonly #bad = new BadPeers();
  readonly #peers = new Map<PeerLink, PeerMeter>();
  /** Complete pieces that wait for a suspicion to be cleared up, with the time since. */
  readonly #held = new Map<number, number>();
  /** Blocks came that nobody was told of. */
  #hasWithheld = false;
  #isStopped = false;

  constructor(options: DownloadOptions) {
    this.#options = options;
    this.table = new PieceTable(options.layout, options.claimed);
    this.readers = new Readers(options.mostAheadBytes);
    this.#hasher = new PieceHasher({
      table: this.table,
      hashes: options.hashes,
      readBlock: (block) => this.#readBlock(block),
      onDone: (piece, isGood) => this.#checked(piece, isGood),
    });
  }

  get requestedBytes(): number {
    return this.table.requested.size * this.table.layout.blockBytes;
  }

  meterOf(peer: PeerLink): PeerMeter | undefined {
    return this.#peers.get(peer);
  }

  /** Nothing is asked for any more until it is started again: the disk is full. */
  stop(): void {
    this.#isStopped = true;
    for (const [block, copies] of this.table.requested) for (const { peer } of [...copies]) this.#cancel(block, peer);
  }

  start(): void {
    this.#isStopped = false;
    this.kick();
  }

  addPeer(peer: PeerLink): void {
    this.#peers.set(peer, new PeerMeter(this.table.layout.blockBytes));
  }

  removePeer(peer: PeerLink): void {
    for (const [block, copies] of this.table.requested) {
      if (copies.some((each) => each.peer === peer)) this.table.dropRequest(block, peer);
    }
    this.#peers.delete(peer);
    this.#clearedUp();
    this.kick();
  }

  setReader(order: ReaderOrder): void {
    this.readers.set(order);
    this.#checkWanted();
    if (this.readers.hasFirstWish) this.#cancelUnurgent();
    this.kick();
  }

  closeReader(reader: number): void {
    this.readers.close(reader);
  }

  prefetch(fileIndex: number, ranges: readonly ByteRange[]): void {
    this.readers.prefetch(fileIndex, ranges);
    this.#checkWanted();
    this.kick();
  }

  /** Gives every peer what it should have. */
  kick(): void {
    const byPace = [...this.#peers].sort(([, one], [, other]) => one.expectedMs() - other.expectedMs());
    for (const [peer] of byPace) this.fill(peer, true);
  }

  /** Asks a peer for more; unless `always`, only when half of what it had is answered. */
  fill(peer: PeerLink, always = false): void {
    const meter = this.#peers.get(peer);
    if (!meter || this.#isStopped || peer.isClosed) return;
    const depth = meter.depth(peer.requestLimit, !this.#hasProvenBesides(peer));
    if (meter.inFlight >= depth || (!always && meter.inFlight > depth / 2)) return;
    const roomBytes = this.#options.roomBytes();
    if (roomBytes < -URGENT_ROOM_BYTES) return;
    pickBlocks(this.table, {
      wishes: this.#wishes(),
      count: depth - meter.inFlight,
      mostUrgent: this.#mostUrgentFor(peer, meter),
      leastUrgent: roomBytes > 0 ? URGENCY.REST : URGENCY.WAITING,
      accepts: (piece) => peer.canSend(piece) && this.#bad.accepts(piece, peer),
      take: (block) => this.#ask(block, peer, meter),
    });
  }

  received(peer: PeerLink, block: number, bytes: Uint8Array): void {
    const nowMs = this.#options.now();
    const request = this.table.dropRequest(block, peer);
    const meter = this.#peers.get(peer);
    if (request) meter?.answered(bytes.length, request.atMs, nowMs);
    for (const { peer: other } of [...(this.table.requested.get(block) ?? [])]) this.#cancel(block, other);
    const { layout } = this.table;
    const range = layout.blockRange(block);
    const piece = layout.pieceOf(block);
    const isUseful =
      bytes.length === range.end - range.start && !this.table.present.has(block) && this.#mayUse(piece, peer);
    if (isUseful) this.#keep(block, bytes, peer);
    else this.counts.wastedBytes += bytes.length;
    this.fill(peer);
  }

  /** A request that will not be answered. */
  refused(peer: PeerLink, block: number): void {
    if (this.table.dropRequest(block, peer)) this.#peers.get(peer)?.gaveUp();
  }

  /** Looks after what is late; to be called ten times a second. */
  tick(): void {
    const nowMs = this.#options.now();
    const isSnubbed = (peer: PeerLink) => this.#peers.get(peer)?.isSnubbed(nowMs) === true;
    const late = this.#isStopped ? [] : lateBlocks(this.table, { wishes: this.#wishes(), nowMs, isSnubbed });
    for (const { block, lateBy } of late) {
      for (const peer of lateBy) this.#peers.get(peer)?.wasLate(nowMs);
      this.#askAgain(block, nowMs);
    }
    for (const [piece, sinceMs] of this.#held) {
      if (nowMs - sinceMs < HOLD_MS) continue;
      this.#held.delete(piece);
      this.#hasher.check(piece);
    }
    this.#checkIdle();
  }

  /** Pieces that make room: nothing of them counts as here any more; the room itself is freed by the caller. */
  evict(pieces: Iterable<number>): void {
    for (const piece of pieces) {
      this.table.forget(piece);
      this.#hasher.forget(piece);
      this.#held.delete(piece);
    }
  }

  /** Blocks that may be given out: while somebody is under suspicion only those whose piece has passed its hash. */
  *tellable(): Generator<ByteRange> {
    const { present, verified, layout } = this.table;
    if (!this.#hasWithheld) yield* present.runs();
    else for (const piece of verified.members()) yield layout.blocksOf(piece);
  }

  #wishes(): readonly Wish[] {
    const open = [...this.#bad.openPieces].map((piece): Wish => {
      return { ...this.table.layout.pieceRange(piece), urgency: URGENCY.WAITING, reader: undefined };
    });
    const whole = [...open, ...this.#wholePieces()];
    return whole.length === 0 ? this.readers.wishes : [...whole, ...this.readers.wishes];
  }

  /** A reader of checked bytes waits for the whole piece, wherever in it the reader begins and ends. */
  #wholePieces(): Wish[] {
    const { layout } = this.table;
    return [...this.readers.all]
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
    const piece = this.table.layout.pieceOf(block);
    // Another peer goes on with a piece that failed once: all of it has to come from this one.
    if (this.#bad.isOpen(piece) && this.#bad.choose(piece, peer)) {
      this.evict([piece]);
      this.#options.onBad([this.table.layout.blocksOf(piece)]);
    }
    const atMs = this.#options.now();
    this.table.addRequest(block, { peer, atMs, expectedMs: meter.expectedMs() });
    meter.asked(atMs);
    peer.request(block);
  }

  #askAgain(block: number, nowMs: number): void {
    const piece = this.table.layout.pieceOf(block);
    const has = new Set(this.table.requested.get(block)?.map(({ peer }) => peer));
    const peer = quickest(this.#peers, (each, meter) => {
      const isFree = !each.isClosed && !has.has(each) && each.canSend(piece) && meter.inFlight < each.requestLimit;
      return isFree && !meter.isSnubbed(nowMs) && this.#bad.accepts(piece, each);
    });
    const meter = peer && this.#peers.get(peer);
    if (peer && meter) this.#ask(block, peer, meter);
  }

  #cancel(block: number, peer: PeerLink): void {
    if (!this.table.dropRequest(block, peer)) return;
    this.#peers.get(peer)?.gaveUp();
    peer.cancel(block);
  }

  /** Somebody waits for a first byte: what nobody waits for is called back, so that the peers are free for it. */
  #cancelUnurgent(): void {
    const urgent = this.#wishes().filter(({ urgency }) => urgency <= URGENCY.NEAR);
    const spans = urgent.map((wish) => this.table.layout.blocksIn(wish));
    for (const [block, copies] of this.table.requested) {
      if (spans.some(({ start, end }) => block >= start && block < end)) continue;
      for (const { peer } of [...copies]) this.#cancel(block, peer);
    }
  }

  /** A piece under suspicion comes from one peer alone. */
  #mayUse(piece: number, peer: PeerLink): boolean {
    return !this.#bad.isOpen(piece) || this.#bad.sourceOf(piece) === peer;
  }

  #keep(block: number, bytes: Uint8Array, peer: PeerLink): void {
    const piece = this.table.layout.pieceOf(block);
    try {
      this.#options.file.write(bytes, this.table.layout.blockRange(block).start);
    } catch (error) {
      this.#options.onDiskError(error);
      return;
    }
    this.counts.downloadedBytes += bytes.length;
    this.table.addBlock(block, peer);
    this.#hasher.add(block, bytes);
    const suspects = this.#bad.suspects;
    // While somebody is under suspicion only whole, checked pieces are given out.
    if (suspects.size === 0 && !this.#bad.isOpen(piece)) this.#options.onBlocks(block, block + 1);
    else this.#hasWithheld = true;
    if (!this.table.isComplete(piece)) return;
    const senders = new Set(this.table.sendersOf(piece).values());
    if (!this.#bad.isOpen(piece) && senders.size > 1 && [...senders].some((each) => suspects.has(each))) {
      this.#held.set(piece, this.#options.now());
    } else this.#hasher.check(piece);
  }

  #checked(piece: number, isGood: boolean): void {
    if (isGood) this.#passed(piece);
    else if (this.table.claimed.has(piece)) {
      this.counts.rottenPieces += 1;
      this.table.forget(piece);
      this.#options.onRotten(piece);
    } else this.#failed(piece);
    this.kick();
  }

  #passed(piece: number): void {
    const wasOpen = this.#bad.isOpen(piece);
    const guilty = wasOpen ? this.#bad.passed(piece, (block) => this.#readBlock(block)) : new Set<PeerLink>();
    this.table.verify(piece);
    this.#options.onVerified(piece);
    for (const peer of guilty) this.#ban(peer);
    if (wasOpen) this.#clearedUp();
  }

  #failed(piece: number): void {
    const { start, end } = this.table.layout.blocksOf(piece);
    const range = this.table.layout.pieceRange(piece);
    this.counts.badPieces += 1;
    this.counts.badBytes += range.end - range.start;
    const guilty = this.#bad.failed(piece, this.table.sendersOf(piece), (block) => this.#readBlock(block));
    this.table.forget(piece);
    this.#options.onBad([{ start, end }]);
    if (guilty) this.#ban(guilty);
    this.#clearedUp();
  }

  /** Everything unverified that it sent goes too. */
  #ban(peer: PeerLink): void {
    const lost: ByteRange[] = [];
    for (const piece of this.table.piecesFrom(peer)) {
      this.#hasher.forget(piece);
      this.#held.delete(piece);
      for (const [block, sender] of this.table.sendersOf(piece)) {
        if (sender !== peer) continue;
        this.table.forgetBlock(block);
        lost.push({ start: block, end: block + 1 });
      }
    }
    if (lost.length > 0) this.#options.onBad(lost);
    peer.ban('it sent data that is not of this torrent');
  }

  /** When nobody is under suspicion any more, what was held back goes on. */
  #clearedUp(): void {
    if (!this.#hasWithheld || this.#bad.suspects.size > 0) return;
    this.#hasWithheld = false;
    for (const piece of this.#held.keys()) if (this.table.isComplete(piece)) this.#hasher.check(piece);
    this.#held.clear();
    const { present, layout } = this.table;
    for (let at = present.nextSet(0, layout.blockCount); at < layout.blockCount;) {
      const end = present.nextClear(at, layout.blockCount);
      this.#options.onBlocks(at, end);
      at = present.nextSet(end, layout.blockCount);
    }
  }

  /** Kept pieces somebody wants are checked before all else. */
  #checkWanted(): void {
    const { claimed, layout } = this.table;
    if (claimed.count === 0) return;
    const urgent: number[] = [];
    for (const wish of this.readers.wishes) {
      const { start, end } = layout.piecesIn(wish);
      for (const piece of claimed.members(start, end)) {
        if (wish.urgency <= URGENCY.NEAR) urgent.push(piece);
        else this.#hasher.check(piece);
      }
    }
    for (const piece of urgent.toReversed()) this.#hasher.check(piece, true);
  }

  #checkIdle(): void {
    const { claimed, layout } = this.table;
    if (claimed.count === 0 || this.#hasher.waiting > 0) return;
    for (const piece of [...claimed.members().take(Math.ceil(IDLE_CHECK_BYTES / layout.pieceBytes))]) {
      this.#hasher.check(piece);
    }
  }

  #readBlock(block: number): Uint8Array {
    return this.#options.file.read(this.table.layout.blockRange(block));
  }
}
