// Opening a source and reading its packets. This folder alone knows node-av.
import {
  AVDISCARD_DEFAULT,
  AVERROR_EOF,
  AVSEEK_FLAG_BACKWARD,
  AVSEEK_FLAG_BYTE,
  AVMEDIA_TYPE_AUDIO,
  AVMEDIA_TYPE_SUBTITLE,
  AVMEDIA_TYPE_VIDEO,
  AV_DISPOSITION_ATTACHED_PIC,
  AV_PKT_DATA_NEW_EXTRADATA,
} from 'node-av/constants';
import { FFmpegError, FormatContext, Packet } from 'node-av/lib';
import type { Stream } from 'node-av/lib';
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
import { SplicedStreams } from './spliced-streams.ts';
import { StreamTable } from './stream-table.ts';

/** Ticks before all timestamps there are. */
const FIRST_BYTE = -1e9;

/** This near to the beginning a demuxer that stands there need not be sent anywhere. */
const BEGINNING_SECONDS = 0.5;

/** A stream that has not shown after this much of the source is not there. */
const MAX_SEARCHED_BYTES = 64 * 1024 * 1024;

export type { Stream };

export type StreamKind = 'video' | 'audio' | 'subtitle' | 'other';

export interface DemuxerOptions {
  input: WorkerInput;
  /** Of a remote source. */
  buffered?: BufferedRange | undefined;
}

/**
 * One open source. Calls on local files are synchronous inside (three times faster), and so are those on remote ones for bytes that are near;
 * others may have to wait.
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
  #spliced: SplicedStreams | undefined;
  #aviClock: AviClock | undefined;
  #isClosed = false;
  /** Stands at the beginning: no packet was taken. */
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
    if (input.splices) this.splice(input.splices);
    this.#mayChangeEntries = this.container.startsWith('mov');
  }

  /** @throws AppError NOT_MEDIA when no container format is recognised; the signal's reason */
  static async open(options: DemuxerOptions, signal: AbortSignal): Promise<Demuxer> {
    const { input } = options;
    const isLocal = input.kind === 'file';
    const context = new FormatContext();
    // Without it there is nothing yet that could be interrupted.
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

  /** What waits for a remote source fails at once, and from then on all does: what is left is to close. */
  interrupt(): void {
    if (!this.#isLocal && !this.#isClosed) this.#context.interrupt();
  }

  /** Reads the first packets of every stream to complete what the header does not tell. Costs 10-250 ms. */
  async probe(): Promise<void> {
    check(
      this.#isLocal ? this.#context.findStreamInfoSync(null) : await this.#context.findStreamInfo(null),
      'read the streams',
    );
  }

  /** Seconds, as the header states or as estimated from the bit rate; undefined when unknown. */
  get durationSeconds(): number | undefined {
    const duration = ticksOf(this.#context.duration);
    return duration === undefined || duration <= 0 ? undefined : duration / 1e6;
  }

  /** Whether no packet was taken yet. */
  get isAtBeginning(): boolean {
    return this.#isFresh;
  }

  /** Whether the container holds an index of its keyframes, so that a seek lands exactly. */
  get isIndexed(): boolean {
    return /^(mov|matroska)/.test(this.container);
  }

  /** A cover picture is no video. (Asking node-av for the picture itself crashes it.) */
  kindOf(stream: Stream): StreamKind {
    switch (stream.codecpar.codecType) {
      case AVMEDIA_TYPE_VIDEO:
        return (stream.disposition & AV_DISPOSITION_ATTACHED_PIC) === 0 ? 'video' : 'other';
      case AVMEDIA_TYPE_AUDIO:
        return 'audio';
      case AVMEDIA_TYPE_SUBTITLE:
        return 'subtitle';
      default:
        return 'other';
    }
  }

  /** The streams that are known so far: some demuxers find more while they read. */
  get streams(): Stream[] {
    return this.#table.all;
  }

  /** What all jobs call the stream: its packet id or stream id in MPEG-TS and MPEG-PS, else its place among the streams. */
  numberOf(stream: Stream): number {
    return this.#table.numberAt(stream.index);
  }

  /** @throws AppError MEDIA_FAILED when there is no such stream, or not yet: see `require` */
  stream(number: number): Stream {
    const stream = this.#table.find(number);
    if (!stream) throw new AppError('MEDIA_FAILED', `The source has no stream ${number} any more`);
    return stream;
  }

  /** Reads on until these streams are known. The demuxer may stand anywhere then. @throws AppError MEDIA_FAILED when one does not appear */
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

  /** Packets of all other streams are dropped inside the demuxer, but for pictures it finds its way by. */
  keepOnly(numbers: number[]): void {
    const way = this.#isInOrder ? this.streams.filter((stream) => this.kindOf(stream) === 'video') : [];
    this.#table.keepOnly(new Set([...numbers, ...way.map((stream) => this.numberOf(stream))]));
    const kinds = numbers.map((number) => this.kindOf(this.stream(number)));
    this.#buffered?.moved({ isDense: kinds.includes('video') });
  }

  /** From now on packets of a stream have the number of the one that it continues. */
  splice(splices: Splices): void {
    if (this.container === 'avi') {
      const video = this.streams.find((stream) => this.kindOf(stream) === 'video');
      if (video) this.#aviClock = new AviClock(splices.places, video.timeBase);
      return;
    }
    this.#spliced = new SplicedStreams(splices);
    this.#table.splice(new Map(splices.continuations));
  }

  /** No packet is dropped, not even of streams that appear later. */
  keepAll(): void {
    this.#table.keepAll();
  }

  /** Goes to the last keyframe at or before `ticks` of the stream; false when the container cannot. */
  async seek(number: number, ticks: number): Promise<boolean> {
    const stream = this.stream(number);
    // AVI, MP3 and FLV fail before their beginning, and stand anywhere then. MPEG is searched by decode times, which begin before `startTime`.
    const start = ticksOf(stream.startTime) ?? 0;
    const first = this.container === 'flv' ? start : Math.min(0, start);
    const mayBeEarlier = this.isIndexed || this.container.startsWith('mpeg');
    const wanted = mayBeEarlier ? ticks : Math.max(ticks, first);
    const isVideo = this.#aviClock !== undefined && this.kindOf(stream) === 'video';
    const target = BigInt(Math.floor(isVideo ? (this.#aviClock?.sentTo(number, wanted) ?? wanted) : wanted));
    this.#decodeTimes?.moved();
    if (this.#isInOrder && this.#isFresh && (await this.#beginsNear(stream, ticks))) return true;
    this.#buffered?.moved();
    this.#spliced?.moved();
    if (this.#spliced?.hasPlaces) {
      const { num, den } = stream.timeBase;
      return this.#seekToByte(this.#spliced.byteBefore((ticks * num) / den));
    }
    const kept = stream.discard;
    // MPEG-TS is searched by the timestamps of this stream's packets: it finds none where they are dropped.
    stream.discard = AVDISCARD_DEFAULT;
    const code = this.#isLocal
      ? this.#context.seekFrameSync(stream.index, target, AVSEEK_FLAG_BACKWARD)
      : await this.#context.seekFrame(stream.index, target, AVSEEK_FLAG_BACKWARD);
    stream.discard = kept;
    return code >= 0;
  }

  async #seekToByte(byte: number): Promise<boolean> {
    const code = this.#isLocal
      ? this.#context.seekFrameSync(-1, BigInt(byte), AVSEEK_FLAG_BYTE)
      : await this.#context.seekFrame(-1, BigInt(byte), AVSEEK_FLAG_BYTE);
    return code >= 0;
  }

  /** A demuxer that was just opened stays where it is: Matroska without cues can be sent nowhere before it has read something. */
  async goToBeginning(number: number): Promise<void> {
    if (this.#isFresh) return;
    if (this.#spliced) await this.#seekToByte(0);
    else await this.seek(number, FIRST_BYTE);
  }

  /** Otherwise the first packet is taken: Matroska without an index goes on from the last keyframe that it saw, and must have seen one. */
  async #beginsNear(stream: Stream, ticks: number): Promise<boolean> {
    const { num, den } = stream.timeBase;
    if ((ticks * num) / den <= BEGINNING_SECONDS) return true;
    stream.discard = AVDISCARD_DEFAULT;
    for (;;) {
      const packet = await this.read();
      if (!packet || packet.streamIndex === this.numberOf(stream)) return false;
    }
  }

  /** The next packet, or undefined at the end. Its payload is in `payload` / `raw` until the next call. */
  async read(): Promise<DemuxedPacket | undefined> {
    const packet = this.#packet;
    this.#isFresh = false;
    for (;;) {
      packet.unref();
      const isAtOnce = this.#isLocal || (await this.#buffered?.holdsNext()) === true;
      const code = isAtOnce ? this.#context.readFrameSync(packet) : await this.#context.readFrame(packet);
      if (code === AVERROR_EOF) return undefined;
      check(code, 'read the source');
      if (this.#mayChangeEntries) this.#noteExtradata();
      this.#buffered?.tookPacket(Number(packet.pos), packet.size);
      this.#spliced?.move(packet);
      const number = this.#table.numberAt(packet.streamIndex);
      if (this.#aviClock && !this.#aviClock.move(number, packet)) continue;
      const place = { index: packet.streamIndex, dts: ticksOf(packet.dts) ?? 0 };
      if (!this.#spliced?.isStale(number, place)) return this.#completed(demuxed(packet, number));
    }
  }

  #completed(packet: DemuxedPacket): DemuxedPacket {
    const isVideo = this.#decodeTimes && this.kindOf(this.stream(packet.streamIndex)) === 'video';
    return isVideo ? (this.#decodeTimes?.completed(packet) ?? packet) : packet;
  }

  /**
   * What MP4 announced last for the stream: another sample entry from then on. It does so once at each change, not again after a seek. Undefined:
   * the stream's own holds.
   */
  latestExtradata(number: number): Buffer | undefined {
    return this.#extradata.get(number);
  }

  #noteExtradata(): void {
    const extradata = this.#packet.getSideData(AV_PKT_DATA_NEW_EXTRADATA);
    if (extradata) this.#extradata.set(this.#table.numberAt(this.#packet.streamIndex), Buffer.from(extradata));
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
    if (this.#isLocal) this.#context.closeInputSync();
    else await this.#context.closeInput();
  }
}
