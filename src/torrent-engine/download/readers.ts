// The readers of one torrent and what they want together.
import type { ByteRange } from '../../base/byte-range.ts';
import type { ReaderOrder } from '../protocol/engine-protocol.ts';
import { levelWith } from './block-picker.ts';
import { URGENCY, wishesOf, type ReaderState, type Wish } from './reader-window.ts';

const PLACES_REMEMBERED = 3;

export class Readers {
  readonly #readers = new Map<number, ReaderState>();
  readonly #prefetches = new Map<number, readonly ByteRange[]>();
  /** The last readers that closed, the latest first. */
  #left: ReaderOrder[] = [];
  #turn = 0;
  #mostAheadBytes: number;
  #wishes: readonly Wish[] | undefined;

  constructor(mostAheadBytes: number) {
    this.#mostAheadBytes = mostAheadBytes;
  }

  get count(): number {
    return this.#readers.size;
  }

  get all(): Iterable<ReaderState> {
    return this.#readers.values();
  }

  /** What the disk has room for, ahead of each reader. */
  set mostAheadBytes(bytes: number) {
    if (bytes === this.#mostAheadBytes) return;
    this.#mostAheadBytes = bytes;
    this.#wishes = undefined;
  }

  /** A new reader, or what became of one. */
  set(order: ReaderOrder): void {
    const known = this.#readers.get(order.reader);
    if (known && order.runBytes > 0) known.order = order;
    else {
      this.#turn += 1;
      const served = levelWith(this.#readers.values());
      this.#readers.set(order.reader, {
        order,
        turn: this.#turn,
        served: known ? Math.max(known.served, served) : served,
      });
    }
    this.#wishes = undefined;
  }

  close(reader: number): void {
    const closed = this.#readers.get(reader);
    if (closed) this.#left = [closed.order, ...this.#left].slice(0, PLACES_REMEMBERED);
    this.#readers.delete(reader);
    this.#wishes = undefined;
  }

  prefetch(fileIndex: number, ranges: readonly ByteRange[]): void {
    this.#prefetches.set(fileIndex, ranges);
    this.#wishes = undefined;
  }

  /** Where it is read, and where it was read last: what lies around should stay. */
  get places(): ReaderOrder[] {
    const current = [...this.#readers.values()].map(({ order }) => order);
    return current.length > 0 ? current : this.#left;
  }

  get prefetched(): ByteRange[] {
    return [...this.#prefetches.values()].flat();
  }

  /** Most urgent first, within each reader. */
  get wishes(): readonly Wish[] {
    this.#wishes ??= [
      ...[...this.#readers.values()].flatMap((reader) => wishesOf(reader, this.#mostAheadBytes)),
      ...this.prefetched.map((range): Wish => ({ ...range, urgency: URGENCY.PREFETCH, reader: undefined })),
    ];
    return this.#wishes;
  }

  /** Somebody waits at a place nothing has been given out from yet. */
  get hasFirstWish(): boolean {
    return this.wishes.some(({ urgency }) => urgency === URGENCY.FIRST);
  }
}
