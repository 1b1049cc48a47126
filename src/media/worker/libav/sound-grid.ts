// The sound of a source as samples on the presentation's timeline: placed by timestamp, holes are silence.
import type { Frame } from 'node-av/lib';
import { toTimeline } from '../../media-clock.ts';
import { Decoder } from './decoder.ts';
import type { Demuxer } from './demuxer.ts';
import { FilterChain } from './filter-chain.ts';
import { PacketWindow } from './packet-window.ts';
import type { EncodedAudio, Origin } from '../protocol.ts';

/** Decoders need some frames before they are in full swing (AC-3 overlaps, Opus 80 ms). */
const WARM_UP_SECONDS = 0.25;

/** A timestamp this near to the source's own frame grid is on it: millisecond clocks round. */
const SNAP_SECONDS = 0.002;

/** Samples by which a read may begin before the end of the one before. */
const OVERLAP_SAMPLES = 16_384;

interface Chunk {
  start: number;
  planes: Float32Array[];
}

/**
 * Every read decodes with a decoder of its own from a place of its own: some decoders fill in noise that depends on all they decoded before.
 * One user at a time.
 */
export class SoundGrid implements AsyncDisposable {
  readonly #track: EncodedAudio;
  readonly #origin: Origin;
  readonly #packets: PacketWindow;
  #filters: { shape: string; chain: FilterChain } | undefined;
  #chunks: Chunk[] = [];
  /** The sample after the last that is here. */
  #to = -Infinity;
  #nextInput = 0;

  private constructor(packets: PacketWindow, track: EncodedAudio, origin: Origin) {
    this.#packets = packets;
    this.#track = track;
    this.#origin = origin;
  }

  static async open(track: EncodedAudio, source: { origin: Origin; open(): Promise<Demuxer> }): Promise<SoundGrid> {
    const { streamIndex, seekStream } = track;
    const packets = await PacketWindow.open({ streamIndex, seekStream, ...source });
    return new SoundGrid(packets, track, source.origin);
  }

  /** Samples `[start, end)` of every channel; silence where the source has none. */
  async read(start: number, end: number, signal: AbortSignal): Promise<Float32Array[]> {
    const { sampleRate, channels } = this.#track;
    await this.#decode({ start, end }, signal);
    const planes = Array.from({ length: channels }, () => new Float32Array(end - start));
    for (const chunk of this.#chunks) copyOverlap(chunk, planes, start);
    this.#chunks = [];
    this.#packets.forgetBefore((end - OVERLAP_SAMPLES) / sampleRate - WARM_UP_SECONDS);
    return planes;
  }

  async #decode(span: { start: number; end: number }, signal: AbortSignal): Promise<void> {
    this.#dropFilters();
    this.#chunks = [];
    this.#to = -Infinity;
    this.#nextInput = 0;
    using decoder = await Decoder.open(this.#packets.stream, 1);
    const start = span.start / this.#track.sampleRate - WARM_UP_SECONDS;
    for await (const packet of this.#packets.from(start, signal)) {
      for (const frame of await decoder.decode(packet)) await this.#place(frame);
      if (this.#to >= span.end) return;
    }
    for (const frame of await decoder.decode(undefined)) await this.#place(frame);
  }

  async #place(frame: Frame): Promise<void> {
    const rate = frame.sampleRate;
    frame.pts = BigInt(this.#inputPosition(frame));
    this.#nextInput = Number(frame.pts) + frame.nbSamples;
    const { chain } = this.#chainFor(frame, rate);
    for (const out of await chain.filter(frame)) {
      this.#keep(out, chain);
      out.free();
    }
    frame.free();
  }

  /** Where the frame starts, in samples of its own rate, snapped to the source's frame grid. */
  #inputPosition(frame: Frame): number {
    const best = Number(frame.bestEffortTimestamp);
    if (!Number.isSafeInteger(best)) return this.#nextInput;
    const { timeBase, codecpar } = this.#packets.stream;
    const clock = { origin: this.#origin, timescale: frame.sampleRate };
    const position = toTimeline(best, timeBase, clock);
    // A frame whose beginning was cut off, as encoders ask for at the start of the track, is where it says.
    if (codecpar.frameSize > 0 && frame.nbSamples !== codecpar.frameSize) return position;
    const phase = toTimeline(this.#track.startTicks, timeBase, clock);
    const onGrid = phase + Math.round((position - phase) / frame.nbSamples) * frame.nbSamples;
    return Math.abs(onGrid - position) <= SNAP_SECONDS * frame.sampleRate ? onGrid : position;
  }

  #chainFor(frame: Frame, rate: number): { chain: FilterChain } {
    const layout = frame.channelLayout;
    const channels = layout.mask ? `channel_layout=0x${layout.mask.toString(16)}` : `channels=${frame.channels}`;
    const shape = `time_base=1/${rate}:sample_rate=${rate}:sample_fmt=${frame.format}:${channels}`;
    if (this.#filters?.shape === shape) return this.#filters;
    this.#dropFilters();
    const wanted = `aformat=sample_fmts=fltp:sample_rates=${this.#track.sampleRate}:channel_layouts=${this.#track.channels === 1 ? 'mono' : 'stereo'}`;
    this.#filters = { shape, chain: new FilterChain('audio', shape, wanted) };
    return this.#filters;
  }

  #keep(frame: Frame, chain: FilterChain): void {
    const { num, den } = chain.timeBase;
    const start = Math.round((Number(frame.pts) * num * this.#track.sampleRate) / den);
    const planes = (frame.extendedData ?? frame.data ?? []).slice(0, this.#track.channels);
    const length = frame.nbSamples;
    this.#chunks.push({ start, planes: planes.map((plane) => floats(plane, length)) });
    this.#to = Math.max(this.#to, start + length);
  }

  #dropFilters(): void {
    this.#filters?.chain[Symbol.dispose]();
    this.#filters = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#dropFilters();
    await this.#packets[Symbol.asyncDispose]();
  }
}

/** A copy: the frame's memory goes when the frame is freed. */
function floats(plane: Buffer, length: number): Float32Array {
  const copy = new Float32Array(length);
  new Uint8Array(copy.buffer).set(plane.subarray(0, length * 4));
  return copy;
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
