// The readers of one torrent and the demands of all of them.
import type { ByteRange } from '../../base/byte-range.ts';
import type { ReaderOrder } from '../protocol/engine-protocol.ts';
import { levelWith } from './block-picker.ts';
import { URGENCY, demandsOf, type ReaderState, type Demand } from './reader-window.ts';

const PLACES_REMEMBERED = 3;

export class Readers {
  readonly #readers = new Map<number, ReaderState>();
  readonly #prefetches = new Map<number, readonly ByteRange[]>();
  /** The last readers that closed, the latest first. */
  #left: ReaderOrder[] = [];
  #lastOpened = 0;
  #mostAheadBytes: number;
  #demands: readonly Demand[] | undefined;

  constructor(mostAheadBytes: number) {
    this.#mostAheadBytes = mostAheadBytes;
  }

  get count(): number {
    return this.#readers.size;
  }

  get all(): Iterable<ReaderState> {
    return this.#readers.values();
  }

  /** The read-ahead of each reader that the disk has space for. */
  set mostAheadBytes(bytes: number) {
    if (bytes === this.#mostAheadBytes) return;
    this.#mostAheadBytes = bytes;
    this.#demands = undefined;
  }

  /** Adds a reader, or updates it. */
  set(order: ReaderOrder): void {
    const known = this.#readers.get(order.reader);
    if (known && order.runBytes > 0) known.order = order;
    else {
      this.#lastOpened += 1;
      const served = levelWith(this.#readers.values());
      this.#readers.set(order.reader, {
        order,
        openOrder: this.#lastOpened,
        served: known ? Math.max(known.served, served) : served,
      });
    }
    this.#demands = undefined;
  }

  close(reader: number): void {
    const closed = this.#readers.get(reader);
    if (closed) this.#left = [closed.order, ...this.#left].slice(0, PLACES_REMEMBERED);
    this.#readers.delete(reader);
    this.#demands = undefined;
  }

  prefetch(fileIndex: number, ranges: readonly ByteRange[]): void {
    this.#prefetches.set(fileIndex, ranges);
    this.#demands = undefined;
  }

  /** The positions of the readers, or the last ones when no reader is open: the pieces around them are evicted last. */
  get places(): ReaderOrder[] {
    const current = [...this.#readers.values()].map(({ order }) => order);
    return current.length > 0 ? current : this.#left;
  }

  get prefetched(): ByteRange[] {
    return [...this.#prefetches.values()].flat();
  }

  /** The demands of all readers, most urgent first within each reader, then the prefetched ranges. */
  get demands(): readonly Demand[] {
    this.#demands ??= [
      ...[...this.#readers.values()].flatMap((reader) => demandsOf(reader, this.#mostAheadBytes)),
      ...this.prefetched.map((range): Demand => ({ ...range, urgency: URGENCY.PREFETCH, reader: undefined })),
    ];
    return this.#demands;
  }

  /** Whether a reader waits for its first byte since it was opened or moved. */
  get hasFirstDemand(): boolean {
    return this.demands.some(({ urgency }) => urgency === URGENCY.FIRST);
  }
}
