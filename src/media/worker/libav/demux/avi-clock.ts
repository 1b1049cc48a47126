// Times of AVI behind a seek. Where other tracks lie before the wanted frame, libavformat begins there, and counts the empty chunks (dropped
// frames) up to that frame once more: all its times are late by them. A keyframe whose byte is known tells by how much.
import { AV_NOPTS_VALUE } from 'node-av/constants';
import type { Packet } from 'node-av/lib';
import type { Splices } from '../../../model/rendition-track.ts';

type Place = Splices['places'][number];

/** Of the video that was scanned. */
export class AviClock {
  readonly #places: readonly Place[];
  readonly #ticksPerSecond: number;
  /** The stream by which the demuxer was sent somewhere: times of the others are right. */
  #number: number | undefined;
  /** The keyframe that the demuxer was sent to, until it comes. */
  #awaited: { byte: number; ticks: number } | undefined;
  #added = 0n;

  constructor(places: readonly Place[], timeBase: { num: number; den: number }) {
    this.#places = places;
    this.#ticksPerSecond = timeBase.den / timeBase.num;
  }

  /** The demuxer is sent to `ticks`: returns where it must go instead, a known keyframe at or before. */
  sentTo(number: number, ticks: number): number {
    this.#number = number;
    this.#added = 0n;
    this.#awaited = undefined;
    const place = this.#places.findLast(([seconds]) => this.#ticksAt(seconds) <= ticks);
    if (!place) return ticks;
    this.#awaited = { byte: place[1], ticks: this.#ticksAt(place[0]) };
    return this.#awaited.ticks;
  }

  /** Moves the times of a packet; false for one before the keyframe, which cannot be decoded. */
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
