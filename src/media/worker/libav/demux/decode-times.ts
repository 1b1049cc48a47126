// Decode times of MPEG frames that state none: a time is due every 0.7 s only (ISO/IEC 13818-1 2.7.4), and several frames may share one packet.
import type { DemuxedPacket } from './demuxed-packet.ts';

export class DecodeTimes {
  /** When the next frame of each stream is due. */
  readonly #next = new Map<number, number>();

  /** The demuxer was sent elsewhere. */
  moved(): void {
    this.#next.clear();
  }

  /** The packet with the time of the frame before and its length, where it has none of its own. */
  completed(packet: DemuxedPacket): DemuxedPacket {
    const dts = packet.dts ?? this.#next.get(packet.streamIndex);
    if (dts === undefined) return packet;
    this.#next.set(packet.streamIndex, dts + packet.duration);
    return packet.dts === undefined ? { ...packet, dts } : packet;
  }
}
