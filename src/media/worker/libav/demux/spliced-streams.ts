// Streams that continue under other numbers: byte positions for seeks, timestamps on one clock, and packets that come too late.
import { AV_NOPTS_VALUE } from 'node-av/constants';
import type { Packet } from 'node-av/lib';
import type { Splices } from '../../../model/rendition-track.ts';

export class SplicedStreams {
  readonly #positions: Splices['places'];
  readonly #clock: Splices['clock'];
  /** The shift of the last packet with a byte position. */
  #added = 0n;
  /** By stream: the libav stream index and decode time of the latest packet. */
  readonly #latest = new Map<number, { index: number; dts: number }>();

  constructor({ places, clock }: Splices) {
    this.#positions = places;
    this.#clock = clock;
  }

  /** Whether byte positions are known. A seek by the timestamps of one libav stream finds nothing where the stream has another number. */
  get hasPositions(): boolean {
    return this.#positions.length > 0;
  }

  /** The byte position of a keyframe at or before this time. */
  byteBefore(seconds: number): number {
    return this.#positions.findLast(([time]) => time <= seconds)?.[1] ?? 0;
  }

  /** Resets the state after a seek. */
  moved(): void {
    this.#latest.clear();
  }

  /** Shifts the packet's timestamps to one clock. A packet without a byte position belongs to the packet before. */
  move(packet: Packet): void {
    if (!this.#clock.length) return;
    const byte = Number(packet.pos);
    if (byte >= 0) this.#added = BigInt(this.#clock.findLast(([from]) => from <= byte)?.[1] ?? 0);
    if (this.#added === 0n) return;
    if (packet.pts !== AV_NOPTS_VALUE) packet.pts += this.#added;
    if (packet.dts !== AV_NOPTS_VALUE) packet.dts += this.#added;
  }

  /** Whether the packet is stale: the last packet of a part comes only when its number occurs again, or at the end. */
  isStale(number: number, { index, dts }: { index: number; dts: number }): boolean {
    const latest = this.#latest.get(number);
    if (latest && latest.index !== index && dts < latest.dts) return true;
    this.#latest.set(number, { index, dts });
    return false;
  }
}
