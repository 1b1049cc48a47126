// Opens a source and reads its packets. Only the folder `libav` uses node-av.
import {
  AVDISCARD_DEFAULT,
  AVERROR_EOF,
  AVSEEK_FLAG_BACKWARD,
  AVSEEK_FLAG_BYTE,
  AV_PKT_DATA_NEW_EXTRADATA,
} from 'node-av/constants';
import { FFmpegError, FormatContext, Packet } from 'node-av/lib';
import type { Stream } from 'node-av/lib';
import { MIB } from '../../../../base/units.ts';
import { AppError } from '../../../../base/app-error.ts';
import { interrupting } from './interrupting.ts';
import type { Splices } from '../../../model/rendition-track.ts';
import type { WorkerInput } from '../../protocol/protocol.ts';
import type { BufferedRange } from './buffered-range.ts';
import { AviClock } from './avi-clock.ts';
import { check } from '../codec/check.ts';
import { DecodeTimes } from './decode-times.ts';
import { demuxed, ticksOf, type DemuxedPacket } from './demuxed-packet.ts';
import { openOptions } from './open-options.ts';
import { EditedTimes, tickSamplesOf } from './edited-times.ts';
import { PacketAhead } from './packet-ahead.ts';
import { SplicedStreams } from './spliced-streams.ts';
import { kindOf } from './stream-kind.ts';
import { StreamTable } from './stream-table.ts';

/** A timestamp before all others. */
const BEFORE_ALL_TICKS = -1e9;

/** A demuxer at the beginning needs no seek to a position before this. */
const BEGINNING_SECONDS = 0.5;

/** A stream without a packet in this many bytes counts as missing. */
const MAX_SEARCHED_BYTES = 64 * MIB;

export type { Stream };

export interface DemuxerOptions {
  input: WorkerInput;
  /** The buffered bytes of a remote source. */
  buffered?: BufferedRange | undefined;
}

/**
 * One open source. Reads of local files are synchronous inside, which is three times faster, as are reads of buffered bytes of remote sources;
 * other reads may wait.
 */
export class Demuxer implements AsyncDisposable {
  readonly #context: FormatContext;
  readonly #packet = new Packet();
  readonly #isLocal: boolean;
  readonly #isInOrder: boolean;
  readonly #buffered: BufferedRange | undefined;
  readonly #extradata = new Map<number, Buffer>();
  readonly #mayChangeEntries: boolean;
  readonly #decodeTimes: DecodeTimes | undefined;
  /** MPEG-PS only: the packet after the current one. */
  readonly #following: PacketAhead | undefined;
  #spliced: SplicedStreams | undefined;
  #aviClock: AviClock | undefined;
  #edited: EditedTimes | undefined;
  #isClosed = false;
  /** Whether the demuxer is at the beginning: no packet was read. */
  #isFresh = true;
  readonly #table: StreamTable;
  readonly container: string;

  private constructor(context: FormatContext, { input, buffered }: DemuxerOptions) {
    this.#context = context;
    this.#buffered = buffered;
    this.#isLocal = input.kind === 'file';
    this.#isInOrder = input.kind === 'endpoint' && input.inOrder === true;
    this.#packet.alloc();
    this.container = context.iformat?.name ?? '';
    this.#table = new StreamTable(context, this.container);
    this.#decodeTimes = this.container.startsWith('mpeg') ? new DecodeTimes() : undefined;
    this.#following = this.container === 'mpeg' ? new PacketAhead() : undefined;
    if (input.splices) this.splice(input.splices);
    this.#mayChangeEntries = this.container.startsWith('mov');
  }

  /** @throws AppError NOT_MEDIA when no container format is recognised; the signal's reason */
  static async open(options: DemuxerOptions, signal: AbortSignal): Promise<Demuxer> {
    const { input } = options;
    const isLocal = input.kind === 'file';
    const context = new FormatContext();
    // Allocated first, so that the open can be interrupted.
    context.allocContext();
    const dictionary = openOptions(input);
    const url = isLocal ? `file:${input.path}` : input.url;
    const code = isLocal
      ? context.openInputSync(url, null, dictionary)
      : await interrupting([context], signal, () => context.openInput(url, null, dictionary));
    if (code < 0) {
      throw new AppError('NOT_MEDIA', 'The source is not a media file that can be read', {
        cause: FFmpegError.strerror(code),
      });
    }
    return new Demuxer(context, options);
  }

  /** Fails the pending read of a remote source and all later ones: after that the demuxer can only be closed. */
  interrupt(): void {
    if (!this.#isLocal && !this.#isClosed) this.#context.interrupt();
  }

  /** Reads the first packets of every stream to complete what the header leaves out. Takes 10-250 ms. */
  async probe(): Promise<void> {
    check(
      this.#isLocal ? this.#context.findStreamInfoSync(null) : await this.#context.findStreamInfo(null),
      'read the streams',
    );
  }

  /** Seconds, as stated in the header or estimated from the bit rate; undefined when unknown. */
  get durationSeconds(): number | undefined {
    const duration = ticksOf(this.#context.duration);
    return duration === undefined || duration <= 0 ? undefined : duration / 1e6;
  }

  /** Whether the container has an index of its keyframes, so that seeks are exact. */
  get isIndexed(): boolean {
    return /^(mov|matroska)/.test(this.container);
  }

  /** The streams found so far: some demuxers find more while they read. */
  get streams(): Stream[] {
    return this.#table.all;
  }

  /** The number of the stream in jobs: its packet id or stream id in MPEG-TS and MPEG-PS, else its index among the streams. */
  numberOf(stream: Stream): number {
    return this.#table.numberAt(stream.index);
  }

  /** @throws AppError MEDIA_FAILED when the stream does not exist, or was not found yet: see `require` */
  stream(number: number): Stream {
    const stream = this.#table.find(number);
    if (!stream) throw new AppError('MEDIA_FAILED', `The source has no stream ${number} any more`);
    return stream;
  }

  /** Reads until these streams are found; changes the position of the demuxer. @throws AppError MEDIA_FAILED when one is not found */
  async require(numbers: readonly number[]): Promise<void> {
    const isMissing = () => numbers.some((number) => !this.#table.find(number));
    if (!isMissing()) return;
    for (let bytes = 0; isMissing() && bytes < MAX_SEARCHED_BYTES;) {
      const packet = await this.read();
      if (!packet) break;
      bytes += packet.sizeBytes;
    }
    for (const number of numbers) this.stream(number);
  }

  /** Drops packets of all other streams inside the demuxer, except video that an in-order source seeks by. */
  keepOnly(numbers: number[]): void {
    const seeking = this.#isInOrder ? this.streams.filter((stream) => kindOf(stream) === 'video') : [];
    this.#table.keepOnly(new Set([...numbers, ...seeking.map((stream) => this.numberOf(stream))]));
    const kinds = numbers.map((number) => kindOf(this.stream(number)));
    this.#buffered?.moved({ isDense: kinds.includes('video') });
  }

  /** Applies splices: packets of a continuation get the number of the stream that it continues. */
  splice(splices: Splices): void {
    if (this.container === 'avi') {
      const video = this.streams.find((stream) => kindOf(stream) === 'video');
      if (video) this.#aviClock = new AviClock(splices.places, video.timeBase);
      return;
    }
    if (this.container.startsWith('mov')) {
      this.#edited = new EditedTimes(splices.pieces ?? []);
      return;
    }
    this.#spliced = new SplicedStreams(splices);
    this.#table.splice(new Map(splices.continuations));
  }

  /** Drops no packets, including those of streams that appear later. */
  keepAll(): void {
    this.#table.keepAll();
  }

  /** Seeks to the last keyframe at or before `ticks` of the stream; false when the container cannot. */
  async seek(number: number, ticks: number): Promise<boolean> {
    const stream = this.stream(number);
    // A seek before the beginning of AVI, MP3 and FLV fails at an undefined position. MPEG seeks by decode times, which begin before `startTime`.
    const start = ticksOf(stream.startTime) ?? 0;
    const first = this.container === 'flv' ? start : Math.min(0, start);
    const mayBeEarlier = this.isIndexed || this.container.startsWith('mpeg');
    const wanted = mayBeEarlier ? ticks : Math.max(ticks, first);
    const isVideo = this.#aviClock !== undefined && kindOf(stream) === 'video';
    const target = BigInt(Math.floor(isVideo ? (this.#aviClock?.sentTo(number, wanted) ?? wanted) : wanted));
    this.#decodeTimes?.moved();
    if (this.#isInOrder && this.#isFresh && (await this.#startsAtBeginning(stream, ticks))) return true;
    this.#buffered?.moved();
    this.#spliced?.moved();
    this.#following?.forget();
    if (this.#spliced?.hasPositions) {
      const { num, den } = stream.timeBase;
      return this.#seekToByte(this.#spliced.byteBefore((ticks * num) / den));
    }
    const kept = stream.discard;
    // A seek in MPEG-TS reads the timestamps of this stream's packets, which therefore must not be dropped.
    stream.discard = AVDISCARD_DEFAULT;
    const code = this.#isLocal
      ? this.#context.seekFrameSync(stream.index, target, AVSEEK_FLAG_BACKWARD)
      : await this.#context.seekFrame(stream.index, target, AVSEEK_FLAG_BACKWARD);
    stream.discard = kept;
    return code >= 0;
  }

  async #seekToByte(byte: number): Promise<boolean> {
    this.#following?.forget();
    const code = this.#isLocal
      ? this.#context.seekFrameSync(-1, BigInt(byte), AVSEEK_FLAG_BYTE)
      : await this.#context.seekFrame(-1, BigInt(byte), AVSEEK_FLAG_BYTE);
    return code >= 0;
  }

  /** Seeks to the beginning unless the demuxer is there: Matroska without cues cannot seek before its first read. */
  async goToBeginning(number: number): Promise<void> {
    if (this.#isFresh) return;
    if (this.#spliced) await this.#seekToByte(0);
    else await this.seek(number, BEFORE_ALL_TICKS);
  }

  /** Whether `ticks` needs no seek. If not, reads the first packet: Matroska without an index seeks from the last keyframe read, and needs one. */
  async #startsAtBeginning(stream: Stream, ticks: number): Promise<boolean> {
    const { num, den } = stream.timeBase;
    if ((ticks * num) / den <= BEGINNING_SECONDS) return true;
    stream.discard = AVDISCARD_DEFAULT;
    for (;;) {
      const packet = await this.read();
      if (!packet || packet.streamIndex === this.numberOf(stream)) return false;
    }
  }

  /** The next packet; undefined at the end. `payload` and `raw` hold it until the next call. */
  async read(): Promise<DemuxedPacket | undefined> {
    this.#isFresh = false;
    const read = (into: Packet) => this.#readInto(into);
    const packet = this.#following ? await this.#following.read(this.#packet, read) : await read(this.#packet);
    return packet && this.#completed(packet);
  }

  async #readInto(packet: Packet): Promise<DemuxedPacket | undefined> {
    for (;;) {
      packet.unref();
      const isAtOnce = this.#isLocal || (await this.#buffered?.holdsNext()) === true;
      const code = isAtOnce ? this.#context.readFrameSync(packet) : await this.#context.readFrame(packet);
      if (code === AVERROR_EOF) return undefined;
      check(code, 'read the source');
      if (this.#mayChangeEntries) this.#noteExtradata(packet);
      this.#buffered?.tookPacket(Number(packet.pos), packet.size);
      this.#spliced?.move(packet);
      const number = this.#table.numberAt(packet.streamIndex);
      if (this.#aviClock && !this.#aviClock.move(number, packet)) continue;
      this.#edited?.move(number, packet, tickSamplesOf(this.stream(number)));
      const source = { index: packet.streamIndex, dts: ticksOf(packet.dts) ?? 0 };
      if (!this.#spliced?.isStale(number, source)) return demuxed(packet, number);
    }
  }

  #completed(packet: DemuxedPacket): DemuxedPacket {
    const isVideo = this.#decodeTimes && kindOf(this.stream(packet.streamIndex)) === 'video';
    return isVideo ? (this.#decodeTimes?.completed(packet) ?? packet) : packet;
  }

  /**
   * The extradata of the last sample entry that MP4 announced for the stream. It is announced once at each change, not again after a seek.
   * Undefined: the stream's own extradata is in force.
   */
  latestExtradata(number: number): Buffer | undefined {
    return this.#extradata.get(number);
  }

  #noteExtradata(packet: Packet): void {
    const extradata = packet.getSideData(AV_PKT_DATA_NEW_EXTRADATA);
    if (extradata) this.#extradata.set(this.#table.numberAt(packet.streamIndex), Buffer.from(extradata));
  }

  /** A copy of the current packet's bytes. */
  get payload(): Uint8Array {
    return this.#packet.data ?? new Uint8Array(0);
  }

  /** The current packet, for a decoder. */
  get raw(): Packet {
    return this.#packet;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#packet.free();
    this.#following?.[Symbol.dispose]();
    if (this.#isLocal) this.#context.closeInputSync();
    else await this.#context.closeInput();
  }
}
