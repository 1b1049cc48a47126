// Streams that go on under other numbers: where to go for a time, and which packets come too late.
import type { Splices } from '../protocol.ts';

export class SplicedStreams {
  readonly #places: Splices['places'];
  /** The latest packet of each stream: which of libav's streams it was of, and its time. */
  readonly #latest = new Map<number, { index: number; dts: number }>();

  constructor({ places }: Splices) {
    this.#places = places;
  }

  /** Whether places are known. A search by the timestamps of one of libav's streams finds nothing where the stream has another number. */
  get hasPlaces(): boolean {
    return this.#places.length > 0;
  }

  /** The byte to read from for a keyframe at or before this time. */
  byteBefore(seconds: number): number {
    return this.#places.findLast(([time]) => time <= seconds)?.[1] ?? 0;
  }

  /** The demuxer was sent elsewhere. */
  moved(): void {
    this.#latest.clear();
  }

  /** The last packet of a part comes when its number comes again, or at the end: much too late. */
  isStale(number: number, { index, dts }: { index: number; dts: number }): boolean {
    const latest = this.#latest.get(number);
    if (latest && latest.index !== index && dts < latest.dts) return true;
    this.#latest.set(number, { index, dts });
    return false;
  }
}
