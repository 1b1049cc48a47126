// Times of MP4 tracks whose edit list presents several pieces: libavformat places all pieces but the first inexactly, and cuts audio at packets.
import { AV_PKT_DATA_SKIP_SAMPLES, AV_PKT_FLAG_DISCARD } from 'node-av/constants';
import type { Packet, Stream } from 'node-av/lib';
import type { EditListEntry, Splices } from '../../../model/rendition-track.ts';
import { check } from '../codec/check.ts';
import { ticksOf } from './demuxed-packet.ts';
import { kindOf } from './stream-kind.ts';

/** Two numbers of 32 bits, samples at the start and at the end of the packet, and two bytes of reasons. */
const SKIP_BYTES = 10;
const SKIP_AT_END = 4;

export class EditedTimes {
  /** By stream. */
  readonly #pieces: ReadonlyMap<number, readonly EditListEntry[]>;

  constructor(pieces: NonNullable<Splices['pieces']>) {
    this.#pieces = new Map(pieces);
  }

  /** Moves a packet to its time in the presentation, and cuts audio to the sample. `samplesPerTick`: undefined for video. */
  move(number: number, packet: Packet, samplesPerTick: number | undefined): void {
    const pieces = this.#pieces.get(number);
    const pts = ticksOf(packet.pts);
    if (!pieces || pts === undefined) return;
    const [byte, duration] = [Number(packet.pos), Number(packet.duration)];
    const isHidden = packet.hasFlags(AV_PKT_FLAG_DISCARD);
    const piece = pieces.find(({ bytes, ticks: [start, end], added }) => {
      const shown = pts + added;
      if (shown >= end || shown + Math.max(1, duration) <= start) return false;
      return isHidden ? samplesPerTick !== undefined && byte === bytes[0] : byte >= bytes[0] && byte <= bytes[1];
    });
    // In a pause between two pieces libavformat shows the beginning of the track.
    if (!piece && isInPause(pieces, pts)) packet.setFlags(AV_PKT_FLAG_DISCARD);
    if (!piece) return;
    packet.pts += BigInt(piece.added);
    packet.dts += BigInt(piece.added);
    if (samplesPerTick !== undefined) cut(packet, piece, { samplesPerTick, isHidden });
  }
}

function isInPause(pieces: readonly EditListEntry[], ticks: number): boolean {
  return pieces.some(({ ticks: [start] }, index) => ticks < start && ticks >= (pieces[index - 1]?.ticks[1] ?? start));
}

/** Undefined for video, whose frames are not cut. */
export function tickSamplesOf(stream: Stream): number | undefined {
  const { timeBase, codecpar } = stream;
  return kindOf(stream) === 'audio' ? (codecpar.sampleRate * timeBase.num) / timeBase.den : undefined;
}

/** libavformat hides the packet in which a piece begins, and shows all of the packet in which it ends. */
function cut(
  packet: Packet,
  { ticks: [start, end] }: EditListEntry,
  { samplesPerTick, isHidden }: { samplesPerTick: number; isHidden: boolean },
): void {
  const samplesOf = (ticks: number) => Math.max(0, Math.round(ticks * samplesPerTick));
  const shown = Number(packet.pts);
  const atStart = isHidden ? samplesOf(start - shown) : 0;
  const atEnd = samplesOf(shown + Number(packet.duration) - end);
  packet.clearFlags(AV_PKT_FLAG_DISCARD);
  if (atStart + atEnd === 0) return;
  const skipped = Buffer.alloc(SKIP_BYTES);
  packet.getSideData(AV_PKT_DATA_SKIP_SAMPLES)?.copy(skipped);
  skipped.writeUInt32LE(Math.max(atStart, skipped.readUInt32LE(0)), 0);
  skipped.writeUInt32LE(Math.max(atEnd, skipped.readUInt32LE(SKIP_AT_END)), SKIP_AT_END);
  check(packet.addSideData(AV_PKT_DATA_SKIP_SAMPLES, skipped), 'cut a packet');
}
