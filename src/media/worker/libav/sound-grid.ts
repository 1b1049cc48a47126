// The sound of a source as samples on the presentation's timeline: placed by timestamp, holes are silence.
import type { Frame } from 'node-av/lib';
import { toDemuxer, toTimeline } from '../../media-clock.ts';
import { seekStreamOf } from '../copied-tracks.ts';
import { Decoder } from './decoder.ts';
import type { Demuxer } from './demuxer.ts';
import { FilterChain } from './filter-chain.ts';
import type { EncodedAudio, Origin } from '../protocol.ts';

/** Decoders need some frames before they are in full swing (AC-3 overlaps, Opus 80 ms). */
const WARM_UP_SECONDS = 0.25;

/** A timestamp this near to the source's own frame grid is on it: millisecond clocks round. */
const SNAP_SECONDS = 0.002;

/** What stays behind for the next, overlapping, read. */
const KEPT_SAMPLES = 16_384;

interface Chunk {
  start: number;
  planes: Float32Array[];
}

/** Sequential use goes on decoding; a step back, or far ahead, seeks. One user at a time. */
export class SoundGrid implements AsyncDisposable {
  readonly #demuxer: Demuxer;
  readonly #track: EncodedAudio;
  readonly #origin: Origin;
  #decoder: Decoder | undefined;
  #filters: { shape: string; chain: FilterChain } | undefined;
  #chunks: Chunk[] = [];
  /** First sample that is here, and the one after the last; undefined before the first read. */
  #from: number | undefined;
  #to = -Infinity;
  #nextInput = 0;
  #atEnd = false;

  constructor(demuxer: Demuxer, track: EncodedAudio, origin: Origin) {
    this.#demuxer = demuxer;
    this.#track = track;
    this.#origin = origin;
  }

  /** Samples `[start, end)` of every channel; silence where the source has none. */
  async read(start: number, end: number, signal: AbortSignal): Promise<Float32Array[]> {
    const isAhead = this.#from !== undefined && start >= this.#from && start <= this.#to + 2 * this.#track.sampleRate;
    if (!isAhead) await this.#goTo(start);
    while (this.#to < end && !this.#atEnd) {
      signal.throwIfAborted();
      await this.#decodeMore();
    }
    const planes = Array.from({ length: this.#track.channels }, () => new Float32Array(end - start));
    for (const chunk of this.#chunks) copyOverlap(chunk, planes, start);
    this.#forgetBefore(end - KEPT_SAMPLES);
    return planes;
  }

  async #goTo(start: number): Promise<void> {
    this.#chunks = [];
    this.#from = start;
    this.#to = -Infinity;
    this.#atEnd = false;
    this.#dropFilters();
    this.#decoder?.[Symbol.dispose]();
    this.#decoder = await Decoder.open(this.#demuxer.stream(this.#track.streamIndex), 1);
    this.#demuxer.keepOnly([this.#track.streamIndex]);
    const seekStream = seekStreamOf(this.#demuxer, { audio: this.#track });
    const { timeBase } = this.#demuxer.stream(seekStream);
    const seconds = start / this.#track.sampleRate - WARM_UP_SECONDS - (this.#demuxer.isIndexed ? 0.25 : 1.5);
    await this.#demuxer.seek(seekStream, toDemuxer(Math.max(seconds, -1), timeBase, this.#origin));
  }

  async #decodeMore(): Promise<void> {
    const packet = await this.#demuxer.read();
    if (packet && packet.streamIndex !== this.#track.streamIndex) return;
    if (!packet) this.#atEnd = true;
    const frames = (await this.#decoder?.decode(packet ? this.#demuxer.raw : undefined)) ?? [];
    for (const frame of frames) await this.#place(frame);
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
    const { timeBase } = this.#demuxer.stream(this.#track.streamIndex);
    const clock = { origin: this.#origin, timescale: frame.sampleRate };
    const position = toTimeline(best, timeBase, clock);
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

  #forgetBefore(sample: number): void {
    this.#chunks = this.#chunks.filter((chunk) => chunk.start + (chunk.planes[0]?.length ?? 0) > sample);
    this.#from = Math.max(this.#from ?? sample, sample);
  }

  #dropFilters(): void {
    this.#filters?.chain[Symbol.dispose]();
    this.#filters = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#dropFilters();
    this.#decoder?.[Symbol.dispose]();
    await this.#demuxer[Symbol.asyncDispose]();
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
