// Streams that go on under other numbers: where to go for a time, and which packets come too late.
import { AV_NOPTS_VALUE } from 'node-av/constants';
import type { Packet } from 'node-av/lib';
import type { Splices } from '../../../model/rendition-track.ts';

export class SplicedStreams {
  readonly #places: Splices['places'];
  readonly #clock: Splices['clock'];
  /** What the last packet with a place was moved by. */
  #added = 0n;
  /** The latest packet of each stream: which of libav's streams it was of, and its time. */
  readonly #latest = new Map<number, { index: number; dts: number }>();

  constructor({ places, clock }: Splices) {
    this.#places = places;
    this.#clock = clock;
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

  /** Puts the packet's timestamps on one clock. A packet without a place of its own came with the one before. */
  move(packet: Packet): void {
    if (!this.#clock.length) return;
    const byte = Number(packet.pos);
    if (byte >= 0) this.#added = BigInt(this.#clock.findLast(([from]) => from <= byte)?.[1] ?? 0);
    if (this.#added === 0n) return;
    if (packet.pts !== AV_NOPTS_VALUE) packet.pts += this.#added;
    if (packet.dts !== AV_NOPTS_VALUE) packet.dts += this.#added;
  }

  /** The last packet of a part comes when its number comes again, or at the end: much too late. */
  isStale(number: number, { index, dts }: { index: number; dts: number }): boolean {
    const latest = this.#latest.get(number);
    if (latest && latest.index !== index && dts < latest.dts) return true;
    this.#latest.set(number, { index, dts });
    return false;
  }
}
