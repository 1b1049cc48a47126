// What is known of a packet that a demuxer gave.
import { AV_NOPTS_VALUE, AV_PKT_FLAG_CORRUPT, AV_PKT_FLAG_DISCARD } from 'node-av/constants';
import type { Packet } from 'node-av/lib';

export interface DemuxedPacket {
  /** Number of the stream, see `Demuxer.numberOf`. */
  streamIndex: number;
  /** Undefined where the container has none (AVI). */
  pts: number | undefined;
  dts: number | undefined;
  duration: number;
  isKey: boolean;
  isCorrupt: boolean;
  /** Decoded and not presented: an edit list cuts it off. */
  isHidden: boolean;
  sizeBytes: number;
  /** Where it begins in the source; negative where the demuxer does not tell. */
  byte: number;
}

/** Undefined: libav knows no time. */
export const ticksOf = (ticks: bigint): number | undefined => (ticks === AV_NOPTS_VALUE ? undefined : Number(ticks));

export function demuxed(packet: Packet, streamIndex: number): DemuxedPacket {
  return {
    streamIndex,
    pts: ticksOf(packet.pts),
    dts: ticksOf(packet.dts),
    duration: Number(packet.duration),
    isKey: packet.isKeyframe,
    isCorrupt: packet.hasFlags(AV_PKT_FLAG_CORRUPT),
    isHidden: packet.hasFlags(AV_PKT_FLAG_DISCARD),
    sizeBytes: packet.size,
    byte: Number(packet.pos),
  };
}
