// The properties of a packet from the demuxer.
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
  /** Whether an edit list cuts it off: it is decoded, but not presented. */
  isHidden: boolean;
  sizeBytes: number;
  /** Its first byte in the source; negative when the demuxer does not report it. */
  byte: number;
}

/** The timestamp as a number; undefined when libav has none. */
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
