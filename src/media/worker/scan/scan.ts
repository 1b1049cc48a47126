// A whole pass over the packets, for containers that keep no index: where the keyframes are, how many frames, where they end.
import { nalCodecOf, lengthSizeOf } from '../../bitstream/decoding-start.ts';
import { SequenceWatch, statedParameterSets } from '../../bitstream/parameter-sets.ts';
import { reorderDepth } from '../../mpegts/decode-times.ts';
import { codecName } from '../libav/codec/check.ts';
import type { DemuxedPacket } from '../libav/demux/demuxed-packet.ts';
import type { Demuxer } from '../libav/demux/demuxer.ts';
import { ClockWatch } from './clock-watch.ts';
import { SpliceWatch } from './find-splices.ts';
import type { Splices } from '../../model/rendition-track.ts';
import type { ScanJob, ScanResult } from '../protocol/protocol.ts';

/** Frames looked at to learn how far decoding runs ahead of showing. */
const REORDER_SAMPLE = 600;

/** Places are this far apart. */
const PLACE_SECONDS = 5;

/** Parameter sets of a keyframe are within these. */
const HEAD_BYTES = 8 * 1024;

export async function scan(demuxer: Demuxer, job: ScanJob, signal: AbortSignal): Promise<ScanResult> {
  await demuxer.require([job.streamIndex, ...job.otherStreams]);
  const streams = [job.streamIndex, ...job.otherStreams];
  if (demuxer.container === 'avi') return scanAvi(demuxer, job, signal);
  if (!demuxer.container.startsWith('mpeg') || job.input.splices || job.fromTicks !== undefined)
    return measure(demuxer, job, { signal });
  const numbers = demuxer.container === 'mpegts' ? new SpliceWatch(demuxer) : undefined;
  const clock = new ClockWatch({ main: job.streamIndex, delayFrames: unstatedDelayOf(demuxer, job.streamIndex) });
  const result = await measure(demuxer, job, { numbers, clock, signal });
  const found = { continuations: numbers?.continuations(streams) ?? [], clock: clock.steps() };
  if (!found.continuations.length && !found.clock.length) return result;
  demuxer.splice({ ...found, places: [] });
  const spliced = await measure(demuxer, job, { signal });
  return { ...spliced, splices: { ...found, places: spliced.places } };
}

/** Where frames were dropped, the places of keyframes put its times right behind a seek. */
async function scanAvi(demuxer: Demuxer, job: ScanJob, signal: AbortSignal): Promise<ScanResult> {
  const { places, hasHoles, ...result } = await measure(demuxer, job, { signal });
  const stream = demuxer.stream(job.streamIndex);
  if (demuxer.kindOf(stream) !== 'video' || !hasHoles) return result;
  // The last frame lasts as long as the others, not a tick.
  const endTicks = result.endTicks + Math.max(0, result.stepTicks - 1);
  const endSeconds = Math.max(result.endSeconds, (endTicks * stream.timeBase.num) / stream.timeBase.den);
  return { ...result, endTicks, endSeconds, splices: { continuations: [], clock: [], places } };
}

interface Measuring {
  numbers?: SpliceWatch | undefined;
  clock?: ClockWatch | undefined;
  signal: AbortSignal;
}

interface Measured extends Pick<Splices, 'places'> {
  /** Whether one of the track's frames comes later than a tick after the one before. */
  hasHoles: boolean;
}

async function measure(
  demuxer: Demuxer,
  job: ScanJob,
  { numbers, clock, signal }: Measuring,
): Promise<ScanResult & Measured> {
  const streams = [job.streamIndex, ...job.otherStreams];
  demuxer.keepOnly(streams);
  if (numbers) demuxer.keepAll();
  if (job.fromTicks === undefined) await demuxer.goToBeginning(job.streamIndex);
  else await demuxer.seek(job.streamIndex, job.fromTicks);
  const tally = new Tally(unstatedDelayOf(demuxer, job.streamIndex));
  const changes = new ChangeWatch(demuxer, job.streamIndex);
  const starts = new Map<number, number>();
  const places: Splices['places'] = [];
  let endSeconds = -Infinity;
  const steps = new Steps();
  for (;;) {
    signal.throwIfAborted();
    const packet = await demuxer.read();
    if (!packet) break;
    numbers?.see(packet);
    if (!streams.includes(packet.streamIndex)) continue;
    clock?.see(packet);
    const isMain = packet.streamIndex === job.streamIndex;
    if (isMain) {
      tally.count(packet);
      steps.see(packet);
      changes.see(packet);
    }
    const ticks = packet.pts ?? packet.dts;
    if (ticks === undefined || packet.isHidden) continue;
    if (!isMain) starts.set(packet.streamIndex, Math.min(starts.get(packet.streamIndex) ?? ticks, ticks));
    const { num, den } = demuxer.stream(packet.streamIndex).timeBase;
    const seconds = (ticks * num) / den;
    endSeconds = Math.max(endSeconds, seconds + (packet.duration * num) / den);
    if (isMain && isPlace(packet, seconds - (places.at(-1)?.[0] ?? -Infinity))) places.push([seconds, packet.byte]);
  }
  const { stepTicks, hasHoles } = steps;
  const found = { endSeconds, starts, hasChanges: changes.hasChanged, splices: undefined, places, stepTicks, hasHoles };
  return { ...found, ...tally.result() };
}

function isPlace({ isKey, byte }: DemuxedPacket, secondsSinceLast: number): boolean {
  return isKey && byte >= 0 && secondsSinceLast >= PLACE_SECONDS;
}

/** Frames from which on the grid they lie on can be told. */
const MIN_STEPS = 3;

/** The distances of frames in decode order. */
class Steps {
  #last: number | undefined;
  #count = 0;
  #divisor = 0;
  #longest = 0;

  see({ pts, dts = pts, isHidden }: DemuxedPacket): void {
    if (dts === undefined || isHidden) return;
    const step = Math.abs(dts - (this.#last ?? dts));
    this.#last = dts;
    if (step === 0) return;
    this.#count += 1;
    this.#divisor = greatestDivisor(this.#divisor, step);
    this.#longest = Math.max(this.#longest, step);
  }

  get stepTicks(): number {
    return this.#count < MIN_STEPS ? 0 : this.#divisor;
  }

  get hasHoles(): boolean {
    return this.#longest > 1;
  }
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

/** Whether keyframes bring other parameter sets on the way; codecs without such sets never do. */
class ChangeWatch {
  readonly #demuxer: Demuxer;
  readonly #watch: SequenceWatch | undefined;
  readonly #lengthSize: number | undefined;

  constructor(demuxer: Demuxer, streamIndex: number) {
    this.#demuxer = demuxer;
    const { codecpar } = demuxer.stream(streamIndex);
    const codec = nalCodecOf(codecName(codecpar));
    const stated = codecpar.extradata ?? new Uint8Array(0);
    this.#lengthSize = codec && lengthSizeOf(codec, codecpar.extradata);
    this.#watch = codec && new SequenceWatch(codec, statedParameterSets(codec, stated));
  }

  see({ isKey }: DemuxedPacket): void {
    if (isKey) this.#watch?.see(this.#demuxer.payload.subarray(0, HEAD_BYTES), this.#lengthSize);
  }

  get hasChanged(): boolean {
    return this.#watch?.hasChanged ?? false;
  }
}

/** MPEG leaves out some presentation times: frames by which the last picture is shown after the last one is decoded. */
function unstatedDelayOf(demuxer: Demuxer, streamIndex: number): number {
  return demuxer.container.startsWith('mpeg') ? demuxer.stream(streamIndex).codecpar.videoDelay : 0;
}

class Tally {
  readonly #unstatedDelay: number;
  #isUnstated = false;
  /** Bytes of the frames before each. */
  readonly #keyframes = new Map<number, number>();
  #bytes = 0;
  readonly #order: number[] = [];
  #frames = 0;
  #start = Infinity;
  #end = 0;
  #hasHidden = false;
  #last: number | undefined;
  #lastStep = 0;

  constructor(unstatedDelay: number) {
    this.#unstatedDelay = unstatedDelay;
  }

  count(packet: DemuxedPacket): void {
    const time = packet.pts ?? packet.dts;
    if (packet.isHidden) this.#hasHidden = true;
    this.#isUnstated ||= packet.pts === undefined;
    if (packet.isHidden || time === undefined) return;
    this.#frames += 1;
    const delay = packet.pts === undefined ? this.#unstatedDelay * packet.duration : 0;
    this.#start = Math.min(this.#start, time + delay);
    if (packet.isKey && packet.pts !== undefined && !this.#keyframes.has(time)) this.#keyframes.set(time, this.#bytes);
    this.#bytes += packet.sizeBytes;
    if (this.#order.length < REORDER_SAMPLE) this.#order.push(time);
    if (this.#last !== undefined) this.#lastStep = packet.duration || Math.abs(time - this.#last);
    this.#last = time;
    const duration = packet.duration || this.#lastStep;
    const shown = this.#isUnstated ? (packet.dts ?? time) + this.#unstatedDelay * duration : time;
    this.#end = Math.max(this.#end, time + duration, shown + duration);
  }

  result(): Omit<ScanResult, 'endSeconds' | 'hasChanges' | 'starts' | 'splices' | 'stepTicks'> {
    const keyframes = [...this.#keyframes].toSorted(([a], [b]) => a - b);
    return {
      keyframes: keyframes.map(([time]) => time),
      keyframeBytes: [...keyframes.map(([, bytes]) => bytes), this.#bytes],
      frameCount: this.#frames,
      startTicks: Number.isFinite(this.#start) ? this.#start : 0,
      endTicks: this.#end,
      hasHidden: this.#hasHidden,
      hasUntimed: this.#isUnstated,
      reorderFrames: reorderDepth(this.#order),
    };
  }
}
