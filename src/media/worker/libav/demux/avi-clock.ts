// Corrects the times of AVI after a seek. If packets of other tracks lie before the wanted frame, libavformat begins at those and counts the empty
// chunks (dropped frames) up to the wanted frame twice, so all times are late. A keyframe with a known byte position gives the error.
import { AV_NOPTS_VALUE } from 'node-av/constants';
import type { Packet } from 'node-av/lib';
import type { Splices } from '../../../model/rendition-track.ts';

type KeyframePosition = Splices['places'][number];

/** Corrects the times of the scanned video. */
export class AviClock {
  readonly #positions: readonly KeyframePosition[];
  readonly #ticksPerSecond: number;
  /** The stream of the last seek: times of other streams are right. */
  #number: number | undefined;
  /** The keyframe that the last seek aimed at, until it is read. */
  #awaited: { byte: number; ticks: number } | undefined;
  #added = 0n;

  constructor(positions: readonly KeyframePosition[], timeBase: { num: number; den: number }) {
    this.#positions = positions;
    this.#ticksPerSecond = timeBase.den / timeBase.num;
  }

  /** Notes a seek to `ticks`; returns the timestamp to seek to instead: a known keyframe at or before. */
  sentTo(number: number, ticks: number): number {
    this.#number = number;
    this.#added = 0n;
    this.#awaited = undefined;
    const position = this.#positions.findLast(([seconds]) => this.#ticksAt(seconds) <= ticks);
    if (!position) return ticks;
    this.#awaited = { byte: position[1], ticks: this.#ticksAt(position[0]) };
    return this.#awaited.ticks;
  }

  /** Corrects the times of a packet; false for a packet before the keyframe, which cannot be decoded. */
  move(number: number, packet: Packet): boolean {
    if (number !== this.#number) return true;
    if (this.#awaited && Number(packet.pos) < this.#awaited.byte) return false;
    if (this.#awaited && packet.dts !== AV_NOPTS_VALUE && Number(packet.pos) === this.#awaited.byte)
      this.#added = BigInt(this.#awaited.ticks) - packet.dts;
    this.#awaited = undefined;
    if (packet.pts !== AV_NOPTS_VALUE) packet.pts += this.#added;
    if (packet.dts !== AV_NOPTS_VALUE) packet.dts += this.#added;
    return true;
  }

  #ticksAt(seconds: number): number {
    return Math.round(seconds * this.#ticksPerSecond);
  }
}
