// Reads all packet headers of a source once, for containers without an index: finds keyframes, frame counts, starts and ends.
import { kindOf } from '../libav/demux/stream-kind.ts';
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

/** Frames read to measure how far decoding runs ahead of presentation. */
const REORDER_SAMPLE = 600;

/** Minimum distance of two noted keyframe positions. */
const POSITION_SECONDS = 5;

/** Parameter sets of a keyframe lie within this many bytes. */
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
  // From now on packets of a continuation have the number of the stream that it continues.
  const continued = new Set(found.continuations.map(([number]) => number));
  const otherStreams = job.otherStreams.filter((number) => !continued.has(number));
  const spliced = await measure(demuxer, { ...job, otherStreams }, { signal });
  return { ...spliced, splices: { ...found, places: spliced.places } };
}

/** Scans AVI. If frames were dropped, the positions of keyframes correct the times after a seek. */
async function scanAvi(demuxer: Demuxer, job: ScanJob, signal: AbortSignal): Promise<ScanResult> {
  const { places, hasHoles, ...result } = await measure(demuxer, job, { signal });
  const stream = demuxer.stream(job.streamIndex);
  if (kindOf(stream) !== 'video' || !hasHoles) return result;
  // The last frame lasts as long as the others, not one tick.
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
  /** Whether one of the track's frames lies more than one tick after the frame before. */
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
    if (isMain && isNotedPosition(packet, seconds - (places.at(-1)?.[0] ?? -Infinity)))
      places.push([seconds, packet.byte]);
  }
  const { stepTicks, hasHoles } = steps;
  const found = { endSeconds, starts, hasChanges: changes.hasChanged, splices: undefined, places, stepTicks, hasHoles };
  return { ...found, ...tally.result() };
}

function isNotedPosition({ isKey, byte }: DemuxedPacket, secondsSinceLast: number): boolean {
  return isKey && byte >= 0 && secondsSinceLast >= POSITION_SECONDS;
}

/** The number of frames needed to determine their grid. */
const MIN_STEPS = 3;

/** Measures the distances of frames in decode order. */
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

/** Detects keyframes with other parameter sets; codecs without parameter sets never change. */
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

/** Frames from decoding to presentation in MPEG, which omits some presentation times. */
function unstatedDelayOf(demuxer: Demuxer, streamIndex: number): number {
  return demuxer.container.startsWith('mpeg') ? demuxer.stream(streamIndex).codecpar.videoDelay : 0;
}

class Tally {
  readonly #unstatedDelay: number;
  #isUnstated = false;
  /** By keyframe: bytes of the frames before it. */
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
