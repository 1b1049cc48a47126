// The audio of a source as samples on the presentation's timeline: positioned by timestamps, with silence in gaps.
import type { Frame, Packet } from 'node-av/lib';
import { frameStep, warmUpSeconds } from './audio-frames.ts';
import { Decoder } from '../codec/decoder.ts';
import type { Demuxer } from '../demux/demuxer.ts';
import { PacketWindow } from '../demux/packet-window.ts';
import { LIMITER_MARGIN, limitPeaks } from './peak-limiter.ts';
import { type Chunk, mixed } from './audio-mixer.ts';
import { type DecodedAudio, audioRuns } from './audio-placement.ts';
import { TimeSlice } from './time-slice.ts';
import type { EncodedAudio, Origin } from '../../../model/rendition-track.ts';

/** Timestamps may lag behind their audio by this much. */
const LATE_SECONDS = 0.05;

/** Samples by which a read may overlap the read before. */
const OVERLAP_SAMPLES = 16_384;

/**
 * Every read uses its own decoder, started at a position that depends on the read alone: some decoders add noise that depends on everything
 * they decoded before. One user at a time.
 */
export class AudioSampleGrid implements AsyncDisposable {
  readonly #track: EncodedAudio;
  readonly #origin: Origin;
  readonly #packets: PacketWindow;

  private constructor(packets: PacketWindow, track: EncodedAudio, origin: Origin) {
    this.#packets = packets;
    this.#track = track;
    this.#origin = origin;
  }

  static async open(
    track: EncodedAudio,
    source: { origin: Origin; open(): Promise<Demuxer> },
  ): Promise<AudioSampleGrid> {
    const { streamIndex, seekStream } = track;
    const packets = await PacketWindow.open({ streamIndex, seekStream, ...source });
    return new AudioSampleGrid(packets, track, source.origin);
  }

  /** Samples `[start, end)` of every channel; silence where the source has no audio. */
  async read(start: number, end: number, signal: AbortSignal): Promise<Float32Array[]> {
    const { sampleRate, channels } = this.#track;
    const from = start - LIMITER_MARGIN;
    const to = end + LIMITER_MARGIN;
    const chunks = this.#positioned(await this.#decode({ start: from, end: to }, signal));
    const planes = Array.from({ length: channels }, () => new Float32Array(to - from));
    for (const chunk of chunks) copyOverlap(chunk, planes, from);
    limitPeaks(
      planes,
      chunks.filter(({ isDownmix }) => isDownmix).map((chunk) => spanOf(chunk, from)),
    );
    this.#packets.forgetBefore((end - OVERLAP_SAMPLES) / sampleRate - this.#warmUpSeconds);
    return planes.map((plane) => plane.slice(LIMITER_MARGIN, plane.length - LIMITER_MARGIN));
  }

  get #warmUpSeconds(): number {
    return warmUpSeconds(this.#packets.stream.codecpar);
  }

  /** Frames from a little before the span to a little after it, in decode order. */
  async #decode(span: { start: number; end: number }, signal: AbortSignal): Promise<Frame[]> {
    const { sampleRate } = this.#track;
    using decoder = await Decoder.open(this.#packets.stream, 1);
    const endSeconds = span.end / sampleRate + LATE_SECONDS;
    const frames: Frame[] = [];
    const slice = new TimeSlice();
    for await (const packet of this.#packets.from(span.start / sampleRate - this.#warmUpSeconds, signal)) {
      frames.push(...decoder.decodeAtOnce(packet));
      if (this.#secondsOf(packet) > endSeconds) return frames;
      if (slice.isOver) await slice.next();
    }
    frames.push(...decoder.decodeAtOnce(undefined));
    return frames;
  }

  #secondsOf(packet: Packet): number {
    return this.#packets.secondsOf(packet) ?? -Infinity;
  }

  #positioned(frames: readonly Frame[]): Chunk[] {
    const { stream } = this.#packets;
    const { timeBase, codecpar } = stream;
    const clock = {
      tickSeconds: timeBase.num / timeBase.den,
      phaseSeconds: this.#seconds(this.#track.startTicks),
      stepSamples: frameStep(codecpar),
    };
    const decoded = frames.map((frame) => this.#described(frame));
    return audioRuns(decoded, clock).flatMap(({ first, end, start }) =>
      mixed(frames.slice(first, end), start, this.#track),
    );
  }

  #described(frame: Frame): DecodedAudio {
    const ticks = Number(frame.bestEffortTimestamp);
    const { sampleRate, nbSamples } = frame;
    const stated = Number.isSafeInteger(ticks) ? this.#seconds(ticks) * sampleRate : undefined;
    return { stated, samples: nbSamples, sampleRate };
  }

  #seconds(ticks: number): number {
    const { num, den } = this.#packets.stream.timeBase;
    return (ticks * num) / den - (this.#origin.ticks * this.#origin.timeBase.num) / this.#origin.timeBase.den;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#packets[Symbol.asyncDispose]();
  }
}

function spanOf({ start, planes }: Chunk, from: number): { start: number; end: number } {
  return { start: start - from, end: start - from + (planes[0]?.length ?? 0) };
}

function copyOverlap(chunk: Chunk, planes: Float32Array[], start: number): void {
  for (const [channel, plane] of planes.entries()) {
    const from = chunk.planes[channel];
    if (!from) continue;
    const skip = Math.max(0, start - chunk.start);
    const at = Math.max(0, chunk.start - start);
    const count = Math.min(from.length - skip, plane.length - at);
    if (count > 0) plane.set(from.subarray(skip, skip + count), at);
  }
}
