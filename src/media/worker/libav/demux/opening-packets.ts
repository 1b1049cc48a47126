// Reads the first packets of a source: the start of each track, and properties of the first frames that no header states.
import { MIB } from '../../../../base/units.ts';
import { kindOf } from './stream-kind.ts';
import { AV_PKT_DATA_SKIP_SAMPLES } from 'node-av/constants';
import type { Stream } from 'node-av/lib';
import type { Demuxer } from './demuxer.ts';
import { FieldProbe } from './field-probe.ts';

/** The most packets and bytes read to find the first packet of every track. */
const MAX_PACKETS = 1500;
const MAX_BYTES = 8 * MIB;

/** Frames kept of each video: B-frames occur within them. */
const KEPT_FRAMES = 32;
/** Parameter sets and slice headers lie within this many bytes. */
const HEAD_BYTES = 8 * 1024;

export interface OpeningFrame {
  head: Uint8Array;
  /** Ticks; undefined where the container has none. */
  pts: number | undefined;
  isKey: boolean;
}

/** The beginning of one track. */
export interface Opening {
  /** Timestamp of the first packet that has one; for audio, of the first that no edit list hides. */
  startTicks: number;
  /** Audio only: timestamp of the first audible sample, if an edit list hides the packets before. */
  heardTicks: number | undefined;
  /** Payload of that packet. */
  payload: Uint8Array;
  /** Number of packets of the track that were read. */
  count: number;
  /** Video only, in decode order. */
  frames: OpeningFrame[];
  /** Video only: whether interlaced frames were found; undefined when the codec's headers state it. */
  hasFields: boolean | undefined;
}

/**
 * The openings by stream number. Leaves the demuxer a little after the beginning.
 * `isUnclear`: whether more frames of a video are needed.
 */
export async function readOpening(
  demuxer: Demuxer,
  isUnclear: (stream: Stream, opening: Opening) => boolean,
): Promise<Map<number, Opening>> {
  const tracks = demuxer.streams.filter((stream) => ['audio', 'video'].includes(kindOf(stream)));
  const wanted = new Set(tracks.map((stream) => demuxer.numberOf(stream)));
  const videos = new Set(
    tracks.filter((stream) => kindOf(stream) === 'video').map((stream) => demuxer.numberOf(stream)),
  );
  demuxer.keepOnly([...wanted]);
  using probes = await FieldProbes.open(demuxer, [...videos]);
  const openings = new Map<number, Opening>();
  const audible = new Map<number, number>();
  const areUnclear = () => {
    const [number = -1] = videos;
    const opening = openings.get(number);
    return (
      // More packets show which of several videos is not a still.
      videos.size > 1 ||
      !probes.areDone ||
      (opening !== undefined && opening.frames.length < KEPT_FRAMES && isUnclear(demuxer.stream(number), opening))
    );
  };
  let bytes = 0;
  for (
    let count = 0;
    count < MAX_PACKETS && bytes < MAX_BYTES && (openings.size < wanted.size || areUnclear());
    count++
  ) {
    const packet = await demuxer.read();
    if (!packet) break;
    bytes += packet.sizeBytes;
    const { streamIndex: number, pts, isKey } = packet;
    const ticks = pts ?? packet.dts;
    if (!wanted.has(number)) continue;
    await probes.take(number);
    const known = openings.get(number);
    // Priming and packets that an edit list cuts off are not the start of an audio track.
    const isCutOff = packet.isHidden && !videos.has(number);
    if (isCutOff && ticks !== undefined && !audible.has(number))
      audible.set(number, ticks + skippedTicks(demuxer, number));
    if (!known && (ticks === undefined || isCutOff)) continue;
    const opening = known ?? newOpening(ticks ?? 0, demuxer.payload);
    opening.heardTicks = audible.get(number);
    opening.count += 1;
    if (videos.has(number) && opening.frames.length < KEPT_FRAMES)
      opening.frames.push({ head: demuxer.payload.slice(0, HEAD_BYTES), pts, isKey });
    openings.set(number, opening);
  }
  for (const [number, opening] of openings) opening.hasFields = probes.hasFields(number);
  return openings;
}

/** Ticks from the start of the current packet that are decoded and not audible. */
function skippedTicks(demuxer: Demuxer, number: number): number {
  const { codecpar, timeBase } = demuxer.stream(number);
  const data = demuxer.raw.getSideData(AV_PKT_DATA_SKIP_SAMPLES);
  if (!data || data.length < 4 || codecpar.sampleRate <= 0) return 0;
  return Math.round((data.readUInt32LE(0) * timeBase.den) / (codecpar.sampleRate * timeBase.num));
}

function newOpening(startTicks: number, payload: Uint8Array): Opening {
  return { startTicks, heardTicks: undefined, payload, count: 0, frames: [], hasFields: undefined };
}

/** One probe for each video whose codec states no fields in its headers. */
class FieldProbes implements Disposable {
  readonly #demuxer: Demuxer;
  readonly #probes: ReadonlyMap<number, FieldProbe>;

  private constructor(demuxer: Demuxer, probes: ReadonlyMap<number, FieldProbe>) {
    this.#demuxer = demuxer;
    this.#probes = probes;
  }

  static async open(demuxer: Demuxer, videos: readonly number[]): Promise<FieldProbes> {
    const probes = new Map<number, FieldProbe>();
    for (const number of videos) {
      const stream: Stream = demuxer.stream(number);
      const probe = await FieldProbe.open(stream);
      if (probe) probes.set(number, probe);
    }
    return new FieldProbes(demuxer, probes);
  }

  get areDone(): boolean {
    return [...this.#probes.values()].every((probe) => probe.isDone);
  }

  async take(number: number): Promise<void> {
    await this.#probes.get(number)?.take(this.#demuxer.raw);
  }

  hasFields(number: number): boolean | undefined {
    return this.#probes.get(number)?.hasFields;
  }

  [Symbol.dispose](): void {
    for (const probe of this.#probes.values()) probe[Symbol.dispose]();
  }
}
