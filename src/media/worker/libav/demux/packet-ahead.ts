// Reads one packet ahead in MPEG-PS, to withdraw times that libavformat gives to a frame although they belong to the next one.
//
// A time belongs to the first frame that begins in a PES packet (ISO/IEC 13818-1 2.4.3.7). If the start code of a frame lies across two PES packets,
// the frame begins in the first of them, but the parser finds it in the second and gives it the time of that one, and the next frame as well.
import { AV_NOPTS_VALUE } from 'node-av/constants';
import { Packet } from 'node-av/lib';
import { check } from '../codec/check.ts';
import type { DemuxedPacket } from './demuxed-packet.ts';

export class PacketAhead implements Disposable {
  readonly #raw = new Packet();
  #packet: DemuxedPacket | undefined;

  constructor() {
    this.#raw.alloc();
  }

  /** The next packet, in `current`; undefined at the end. `read` reads into a packet. */
  async read(
    current: Packet,
    read: (into: Packet) => Promise<DemuxedPacket | undefined>,
  ): Promise<DemuxedPacket | undefined> {
    const packet = await this.#taken(current, read);
    if (!packet) return undefined;
    this.#packet = await read(this.#raw);
    if (!this.#packet || !haveOneTime(packet, this.#packet)) return packet;
    current.pts = AV_NOPTS_VALUE;
    current.dts = AV_NOPTS_VALUE;
    return { ...packet, pts: undefined, dts: undefined, byte: -1 };
  }

  async #taken(
    current: Packet,
    read: (into: Packet) => Promise<DemuxedPacket | undefined>,
  ): Promise<DemuxedPacket | undefined> {
    const packet = this.#packet;
    this.#packet = undefined;
    if (!packet) return read(current);
    current.unref();
    check(current.ref(this.#raw), 'hold a packet');
    return packet;
  }

  /** Drops the packet ahead, after a seek. */
  forget(): void {
    this.#packet = undefined;
  }

  [Symbol.dispose](): void {
    this.#raw.free();
  }
}

/** Whether both packets have the time of one PES packet. Frames are never decoded at the same time. */
function haveOneTime(packet: DemuxedPacket, next: DemuxedPacket): boolean {
  const isSamePlace = packet.streamIndex === next.streamIndex && packet.byte >= 0 && packet.byte === next.byte;
  return isSamePlace && packet.pts !== undefined && packet.pts === next.pts && packet.dts === next.dts;
}
