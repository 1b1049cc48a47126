// Finds streams of a transport stream that continue under other numbers: where one ends, another of its kind and codec begins.
import { kindOf } from '../libav/demux/stream-kind.ts';
import { codecName } from '../libav/codec/check.ts';
import type { DemuxedPacket } from '../libav/demux/demuxed-packet.ts';
import type { Demuxer } from '../libav/demux/demuxer.ts';
import type { Splices } from '../../model/rendition-track.ts';

/** Packets further apart than this belong to two stretches. */
const STRETCH_SECONDS = 1;
/** Stretches of one stream may overlap by this much: audio and video do not end together. */
const OVERLAP_SECONDS = 0.5;
/** A stream that begins later than this after another one ends does not continue it. */
const PAUSE_SECONDS = 10;

interface Stretch {
  start: number;
  end: number;
}

/** Observes all packets of a source in order. */
export class SpliceWatch {
  readonly #demuxer: Demuxer;
  readonly #stretches = new Map<number, Stretch[]>();

  constructor(demuxer: Demuxer) {
    this.#demuxer = demuxer;
  }

  see({ streamIndex, pts, dts, duration }: DemuxedPacket): void {
    const ticks = pts ?? dts;
    if (ticks === undefined) return;
    const { num, den } = this.#demuxer.stream(streamIndex).timeBase;
    const [start, end] = [(ticks * num) / den, ((ticks + duration) * num) / den];
    const stretches = this.#stretches.get(streamIndex) ?? [];
    const touching = stretches.findLast(
      (each) => start <= each.end + STRETCH_SECONDS && end >= each.start - STRETCH_SECONDS,
    );
    if (touching) Object.assign(touching, { start: Math.min(touching.start, start), end: Math.max(touching.end, end) });
    else stretches.push({ start, end });
    this.#stretches.set(streamIndex, stretches);
  }

  /** The continuations of the presented streams. `presented`: their numbers, those that begin the presentation first. */
  continuations(presented: readonly number[]): Splices['continuations'] {
    const found = new Map<number, number>();
    for (const number of presented) {
      if (found.has(number)) continue;
      const whole = [...(this.#stretches.get(number) ?? [])];
      for (const candidate of this.#similarStreams(number)) {
        const stretches = this.#stretches.get(candidate) ?? [];
        if (found.has(candidate) || !continues(whole, stretches)) continue;
        found.set(candidate, number);
        whole.push(...stretches);
      }
    }
    return [...found];
  }

  /** Other streams of the same kind and codec, in order of their first packets. */
  #similarStreams(number: number): number[] {
    const describe = (each: number) => {
      const stream = this.#demuxer.stream(each);
      return `${kindOf(stream)} ${codecName(stream.codecpar)}`;
    };
    return [...this.#stretches]
      .filter(([other]) => other !== number && describe(other) === describe(number))
      .toSorted(([, [a]], [, [b]]) => (a?.start ?? 0) - (b?.start ?? 0))
      .map(([other]) => other);
  }
}

function continues(whole: readonly Stretch[], next: readonly Stretch[]): boolean {
  const begin = next[0]?.start ?? Infinity;
  const isApart = next.every((one) =>
    whole.every((other) => Math.min(one.end, other.end) - Math.max(one.start, other.start) <= OVERLAP_SECONDS),
  );
  const follows = whole.some(({ end }) => begin >= end - OVERLAP_SECONDS && begin - end <= PAUSE_SECONDS);
  return isApart && follows;
}
