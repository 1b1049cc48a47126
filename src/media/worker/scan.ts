// A whole pass over the packets, for containers that keep no index: where the keyframes are, how many frames, where they end.
import { nalCodecOf, lengthSizeOf } from '../bitstream/decoding-start.ts';
import { SequenceWatch, statedParameterSets } from '../bitstream/parameter-sets.ts';
import { reorderDepth } from '../mpegts/decode-times.ts';
import { codecName } from './libav/check.ts';
import type { DemuxedPacket, Demuxer } from './libav/demuxer.ts';
import type { ScanJob, ScanResult } from './protocol.ts';

/** Frames looked at to learn how far decoding runs ahead of showing. */
const REORDER_SAMPLE = 600;

/** Parameter sets of a keyframe are within these. */
const HEAD_BYTES = 8 * 1024;

export async function scan(demuxer: Demuxer, job: ScanJob, signal: AbortSignal): Promise<ScanResult> {
  const streams = [job.streamIndex, ...job.otherStreams];
  await demuxer.require(streams);
  demuxer.keepOnly(streams);
  // A seek lands where the track begins, and others may begin before.
  if (job.fromTicks !== undefined || !demuxer.isAtBeginning) await demuxer.seek(job.streamIndex, job.fromTicks ?? -1e9);
  const tally = new Tally(unstatedDelayOf(demuxer, job.streamIndex));
  const changes = new ChangeWatch(demuxer, job.streamIndex);
  const starts = new Map<number, number>();
  let endSeconds = -Infinity;
  for (;;) {
    signal.throwIfAborted();
    const packet = await demuxer.read();
    if (!packet) break;
    if (packet.streamIndex === job.streamIndex) {
      tally.count(packet);
      changes.see(packet);
    } else if (!job.otherStreams.includes(packet.streamIndex)) continue;
    const ticks = packet.pts ?? packet.dts;
    if (ticks === undefined || packet.isHidden) continue;
    if (packet.streamIndex !== job.streamIndex)
      starts.set(packet.streamIndex, Math.min(starts.get(packet.streamIndex) ?? ticks, ticks));
    const { num, den } = demuxer.stream(packet.streamIndex).timeBase;
    endSeconds = Math.max(endSeconds, ((ticks + packet.duration) * num) / den);
  }
  return { endSeconds, starts, hasChanges: changes.hasChanged, ...tally.result() };
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
    if (packet.isHidden || time === undefined) return;
    this.#frames += 1;
    this.#start = Math.min(this.#start, time);
    if (packet.isKey && packet.pts !== undefined && !this.#keyframes.has(time)) this.#keyframes.set(time, this.#bytes);
    this.#bytes += packet.sizeBytes;
    if (this.#order.length < REORDER_SAMPLE) this.#order.push(time);
    if (this.#last !== undefined) this.#lastStep = packet.duration || Math.abs(time - this.#last);
    this.#last = time;
    const duration = packet.duration || this.#lastStep;
    this.#isUnstated ||= packet.pts === undefined;
    const shown = this.#isUnstated ? (packet.dts ?? time) + this.#unstatedDelay * duration : time;
    this.#end = Math.max(this.#end, time + duration, shown + duration);
  }

  result(): Omit<ScanResult, 'endSeconds' | 'starts' | 'hasChanges'> {
    const keyframes = [...this.#keyframes].toSorted(([a], [b]) => a - b);
    return {
      keyframes: keyframes.map(([time]) => time),
      keyframeBytes: [...keyframes.map(([, bytes]) => bytes), this.#bytes],
      frameCount: this.#frames,
      startTicks: Number.isFinite(this.#start) ? this.#start : 0,
      endTicks: this.#end,
      hasHidden: this.#hasHidden,
      reorderFrames: reorderDepth(this.#order),
    };
  }
}
