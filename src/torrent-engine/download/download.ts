// The download of one torrent: requests what the readers demand from peers, verifies what arrives, reports what is on the disk.
import type { ByteRange } from '../../base/byte-range.ts';
import type { ReaderOrder } from '../protocol/engine-protocol.ts';
import type { PieceLayout } from '../protocol/piece-layout.ts';
import { BlockRequests } from './block-requests.ts';
import type { DataFile } from './data-file.ts';
import type { PeerLink } from './peer-link.ts';
import { PieceChecks, type PieceEvents } from './piece-checks.ts';
import { PieceTable } from './piece-table.ts';
import { Readers } from './readers.ts';

export interface DownloadOptions extends PieceEvents {
  layout: PieceLayout;
  /** SHA-1 of each piece, hex. */
  hashes: readonly string[];
  file: DataFile;
  /** Pieces that passed their hash in an earlier process, as a bitfield. */
  claimed: Uint8Array | undefined;
  mostAheadBytes: number;
  now: () => number;
  /** Bytes that may still be requested; requests that a reader waits for may exceed them by `URGENT_ROOM_BYTES`. */
  roomBytes: () => number;
}

export class Download {
  readonly table: PieceTable;
  readonly readers: Readers;
  readonly #checks: PieceChecks;
  readonly #requests: BlockRequests;

  constructor(options: DownloadOptions) {
    const { layout, claimed, mostAheadBytes, now, roomBytes } = options;
    const table = new PieceTable(layout, claimed);
    const readers = new Readers(mostAheadBytes);
    const checks = new PieceChecks({ ...options, table, onChecked: () => this.schedule() });
    this.table = table;
    this.readers = readers;
    this.#checks = checks;
    this.#requests = new BlockRequests({ table, readers, checks, now, roomBytes });
  }

  get counts(): Readonly<PieceChecks['counts']> {
    return this.#checks.counts;
  }

  get requestedBytes(): number {
    return this.table.requested.size * this.table.layout.blockBytes;
  }

  /** Cancels all requests and sends none until `start`, because the disk is full. */
  stop(): void {
    this.#requests.stop();
  }

  start(): void {
    this.#requests.start();
  }

  addPeer(peer: PeerLink): void {
    this.#requests.addPeer(peer);
  }

  removePeer(peer: PeerLink): void {
    this.#requests.removePeer(peer);
    this.#checks.releaseWithheld();
    this.schedule();
  }

  setReader(order: ReaderOrder): void {
    this.readers.set(order);
    this.#checks.checkWanted(this.readers.demands);
    if (this.readers.hasFirstDemand) this.#requests.cancelUnurgent();
    this.schedule();
  }

  closeReader(reader: number): void {
    this.readers.close(reader);
  }

  prefetch(fileIndex: number, ranges: readonly ByteRange[]): void {
    this.readers.prefetch(fileIndex, ranges);
    this.#checks.checkWanted(this.readers.demands);
    this.schedule();
  }

  /** Sends requests to every peer up to its depth. */
  schedule(): void {
    this.#requests.fillAll();
  }

  received(peer: PeerLink, block: number, bytes: Uint8Array): void {
    this.#requests.answered(peer, block, bytes.length);
    this.#checks.received(peer, block, bytes);
    this.#requests.fill(peer);
  }

  /** A request that will not be answered. */
  refused(peer: PeerLink, block: number): void {
    this.#requests.refused(peer, block);
  }

  /** Repeats late requests, verifies pieces of an earlier process; to be called ten times a second. */
  tick(): void {
    this.#requests.repeatLate();
    this.#checks.tick();
  }

  /** Removes pieces from the table; the caller frees their space on the disk. */
  evict(pieces: Iterable<number>): void {
    this.#checks.evict(pieces);
  }

  /** Ranges of blocks that may be reported. */
  reportable(): Generator<ByteRange> {
    return this.#checks.reportable();
  }
}
