// Fills in decode times of MPEG frames that state none: a time is required every 0.7 s only (ISO/IEC 13818-1 2.7.4), and frames may share a packet.
import type { DemuxedPacket } from './demuxed-packet.ts';

export class DecodeTimes {
  /** By stream: the decode time of the next frame. */
  readonly #next = new Map<number, number>();

  /** Resets the times after a seek. */
  moved(): void {
    this.#next.clear();
  }

  /** The packet, with a decode time from the frame before and its duration if it has none. */
  completed(packet: DemuxedPacket): DemuxedPacket {
    const dts = packet.dts ?? this.#next.get(packet.streamIndex);
    if (dts === undefined) return packet;
    this.#next.set(packet.streamIndex, dts + packet.duration);
    return packet.dts === undefined ? { ...packet, dts } : packet;
  }
}
