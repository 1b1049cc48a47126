// The video of a source on a constant frame grid: frame n is the frame on screen at n / rate seconds.
import { AV_FRAME_FLAG_CORRUPT, AV_FRAME_FLAG_KEY } from 'node-av/constants';
import type { Frame } from 'node-av/lib';
import { AppError } from '../../../../base/app-error.ts';
import { toDemuxer, toTimeline } from '../../../model/media-clock.ts';
import { Decoder } from '../codec/decoder.ts';
import type { Demuxer } from '../demux/demuxer.ts';
import { DisplayTimes } from './display-times.ts';
import { FilterChain } from '../codec/filter-chain.ts';
import { fittedSize, type Size } from './fitted-size.ts';
import { bufferArguments, videoFilters, stateColor } from './video-filters.ts';
import type { EncodedVideo, Origin } from '../../../model/rendition-track.ts';

/** Seconds before the wanted frame to seek to, tried in turn until the first decoded frame is at or before it. */
const EARLIER_SECONDS = [0, 2, 6, 20, 90];

/** A timestamp before all others. */
const BEFORE_ALL_TICKS = -1e9;

/** Frames before the current one that the deinterlacer uses. */
const DEINTERLACER_FRAMES = 2;

/** The most frames without a time: MPEG states a time at least every 0.7 s. */
const MAX_UNTIMED = 48;

/** The frame type that encoders take. */
export type GridFrame = Frame;

interface NumberedFrame {
  number: number;
  frame: Frame;
}

/** Sequential reads continue to decode; a step back seeks. For one user at a time. */
export class VideoFrameGrid implements AsyncDisposable {
  readonly #demuxer: Demuxer;
  readonly #track: EncodedVideo;
  readonly #origin: Origin;
  #decoder: Decoder | undefined;
  #filters: { shape: string; chain: FilterChain } | undefined;
  #ready: NumberedFrame[] = [];
  #current: NumberedFrame | undefined;
  #atEnd = false;
  /** The number after the last frame; undefined before the first frame with a time. */
  #nextGuess: number | undefined;
  /** Frames before the first one that has a time, in order. */
  #untimed: Frame[] = [];
  #displayTimes = new DisplayTimes();

  constructor(demuxer: Demuxer, track: EncodedVideo, origin: Origin) {
    this.#demuxer = demuxer;
    this.#track = track;
    this.#origin = origin;
  }

  /** The frame on screen at position `number`; the grid keeps ownership, and the frame is valid until the next call. */
  async frame(number: number, signal: AbortSignal): Promise<Frame> {
    if (!this.#current || this.#current.number > number) await this.#goTo(number, signal);
    for (;;) {
      const next = this.#ready[0] ?? (await this.#decodeMore(signal));
      if (!next || next.number > number) break;
      this.#ready.shift();
      this.#current?.frame.free();
      this.#current = next;
    }
    if (!this.#current) throw new AppError('MEDIA_FAILED', 'No picture of the video could be decoded');
    return this.#current.frame;
  }

  /**
   * Seeks so that the first decoded frame is at or before `number`, or is the first of the source. Deinterlacing also needs the frames before.
   * Before the beginning of an MP4 there may be frames that its edit list hides and that the first frames depend on.
   */
  async #goTo(number: number, signal: AbortSignal): Promise<void> {
    const { frameRate, streamIndex } = this.#track;
    const headStart = this.#demuxer.isIndexed ? 0 : 1.5;
    const shown = Math.min(number, this.#track.lastFrame);
    const wanted = this.#track.deinterlace ? shown - DEINTERLACER_FRAMES : shown;
    let before: number | undefined;
    for (const earlier of EARLIER_SECONDS) {
      const seconds = (wanted * frameRate.den) / frameRate.num - earlier - headStart;
      await this.#demuxer.require([streamIndex]);
      await this.#restart();
      this.#demuxer.keepOnly([streamIndex]);
      await this.#seek(seconds);
      const first = await this.#decodeMore(signal);
      if (first && first.number <= wanted) break;
      if (seconds <= 0 && (!this.#mayHide || first?.number === before)) break;
      before = first?.number;
    }
    this.#current = this.#ready.shift();
  }

  get #mayHide(): boolean {
    return this.#demuxer.container.startsWith('mov');
  }

  /** Without an index, a seek to the presentation time of the first frame may land after it, since its decode time is earlier. */
  async #seek(seconds: number): Promise<void> {
    const { streamIndex } = this.#track;
    const { timeBase } = this.#demuxer.stream(streamIndex);
    if (seconds <= 0 && !this.#demuxer.isIndexed && (await this.#demuxer.seek(streamIndex, BEFORE_ALL_TICKS))) return;
    const earliest = this.#mayHide ? seconds : Math.max(seconds, 0);
    await this.#demuxer.seek(streamIndex, toDemuxer(earliest + 0.0005, timeBase, this.#origin));
  }

  async #restart(): Promise<void> {
    this.#clear();
    this.#dropFilters();
    this.#decoder?.[Symbol.dispose]();
    const { streamIndex } = this.#track;
    const extradata = this.#demuxer.latestExtradata(streamIndex);
    this.#decoder = await Decoder.open(this.#demuxer.stream(streamIndex), DECODER_THREADS, extradata);
    this.#atEnd = false;
    this.#nextGuess = undefined;
    this.#displayTimes = new DisplayTimes();
  }

  /** Decodes until at least one more frame is ready; undefined at the end of the source. */
  async #decodeMore(signal: AbortSignal): Promise<NumberedFrame | undefined> {
    while (!this.#ready.length && !this.#atEnd && this.#decoder) {
      signal.throwIfAborted();
      const packet = await this.#demuxer.read();
      if (packet && packet.streamIndex !== this.#track.streamIndex) continue;
      if (!packet) this.#atEnd = true;
      else if (this.#track.hasDecodeTimesOnly) this.#displayTimes.sent(Number(packet.pts ?? packet.dts));
      const decoded = await this.#decoder.decode(packet ? this.#demuxer.raw : undefined);
      for (const frame of decoded) await this.#number(frame);
      if (this.#atEnd) await this.#filterUntimed(this.#untimed.length);
      if (this.#atEnd && this.#filters) this.#receive(this.#filters.chain, await this.#filters.chain.filter(undefined));
    }
    return this.#ready[0];
  }

  /** Numbers a frame. A frame without a time follows the one before; the first such frames precede the first that has a time. */
  async #number(frame: Frame): Promise<void> {
    const number = this.#numberOf(frame) ?? this.#nextGuess;
    if (number === undefined) this.#untimed.push(frame);
    if (number === undefined && this.#untimed.length < MAX_UNTIMED) return;
    await this.#filterUntimed(number ?? this.#untimed.length);
    if (number !== undefined) await this.#filter(frame, number);
  }

  /** Filters the untimed frames. `end`: the number of the frame that follows them. */
  async #filterUntimed(end: number): Promise<void> {
    const frames = this.#untimed.splice(0);
    for (const [index, frame] of frames.entries()) await this.#filter(frame, end - frames.length + index);
  }

  /** Sends a decoded frame through the filters, with its number on the grid as timestamp. */
  async #filter(frame: Frame, number: number): Promise<void> {
    const isBroken = (frame.flags & AV_FRAME_FLAG_CORRUPT) !== 0 && !this.#current && !this.#ready.length;
    if (!isBroken) {
      this.#nextGuess = number + 1;
      frame.pts = BigInt(number);
      const chain = this.#chainFor(frame);
      this.#receive(chain, await chain.filter(frame));
    }
    frame.free();
  }

  #receive(chain: FilterChain, frames: Frame[]): void {
    const { num, den } = chain.timeBase;
    for (const frame of frames) this.#ready.push({ number: Math.floor((Number(frame.pts) * num) / den), frame });
  }

  /** The number of a frame by its time; undefined without a time. */
  #numberOf(frame: Frame): number | undefined {
    const { frameRate, streamIndex } = this.#track;
    const best = this.#track.hasDecodeTimesOnly ? this.#displayTime(frame) : Number(frame.bestEffortTimestamp);
    if (!Number.isSafeInteger(best)) return undefined;
    const { timeBase } = this.#demuxer.stream(streamIndex);
    // For rounding to the nearest frame: with twice the rate as timescale, half a frame is a whole number.
    const halves = toTimeline(best, timeBase, { origin: this.#origin, timescale: 2 * frameRate.num }) / frameRate.den;
    const late = this.#demuxer.container === 'avi' ? (this.#decoder?.delayFrames ?? 0) : 0;
    return Math.floor((halves + 1) / 2) - late;
  }

  /** The presentation time, ticks; NaN when there is none. */
  #displayTime(frame: Frame): number {
    const isKey = (frame.flags & AV_FRAME_FLAG_KEY) !== 0;
    return this.#displayTimes.next({ ownTicks: Number(frame.pts), isKey }) ?? Number.NaN;
  }

  #chainFor(frame: Frame): FilterChain {
    const color = stateColor(frame, this.#track);
    const shape = `${bufferArguments(frame)} ${color.transfer}`;
    if (this.#filters?.shape === shape) return this.#filters.chain;
    this.#dropFilters();
    const chain = new FilterChain(
      'video',
      bufferArguments(frame),
      videoFilters(this.#track, color, this.#fitted(frame)),
    );
    this.#filters = { shape, chain };
    return chain;
  }

  /** The size to scale a frame to. Frames of the described size fill it, whatever aspect ratio they state: the container's ratio counts. */
  #fitted(frame: Frame): Size {
    const { width, height } = this.#demuxer.stream(this.#track.streamIndex).codecpar;
    const isAsDescribed = width === 0 || (frame.width === width && frame.height === height);
    return isAsDescribed ? this.#track : fittedSize(this.#track, frame);
  }

  #dropFilters(): void {
    this.#filters?.chain[Symbol.dispose]();
    this.#filters = undefined;
  }

  #clear(): void {
    for (const ready of this.#ready) ready.frame.free();
    this.#ready = [];
    for (const frame of this.#untimed.splice(0)) frame.free();
    this.#current?.frame.free();
    this.#current = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#clear();
    this.#dropFilters();
    this.#decoder?.[Symbol.dispose]();
    await this.#demuxer[Symbol.asyncDispose]();
  }
}

const DECODER_THREADS = 2;
