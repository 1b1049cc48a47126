// Opening a source and reading its packets. This folder alone knows node-av.
import {
  AVDISCARD_ALL,
  AVDISCARD_DEFAULT,
  AVERROR_EOF,
  AVSEEK_FLAG_BACKWARD,
  AVMEDIA_TYPE_AUDIO,
  AVMEDIA_TYPE_SUBTITLE,
  AVMEDIA_TYPE_VIDEO,
  AV_DISPOSITION_ATTACHED_PIC,
  AV_NOPTS_VALUE,
  AV_PKT_FLAG_CORRUPT,
} from 'node-av/constants';
import { Dictionary, FFmpegError, FormatContext, Packet } from 'node-av/lib';
import type { Stream } from 'node-av/lib';
import { AppError } from '../../../base/app-error.ts';
import type { MediaInput } from '../../../sources/source.ts';
import { interrupting } from '../interrupting.ts';
import type { NearBytes } from '../near-bytes.ts';
import { check } from './check.ts';
import { DECODERS } from './decoders.ts';

/** Container demuxers only: no playlist format, so that nothing inside a source can name another one. */
const FORMATS =
  'mov,matroska,webm,mpegts,mpeg,avi,flv,asf,ogg,mp3,aac,flac,wav,w64,aiff,caf,ac3,eac3,dts,dtshd,truehd,h264,hevc,m4v,mpegvideo,rm,nut,ivf,mxf,gxf,dv,obu,amr,ape,tta,wv,tak,mpc,mpc8,au,vc1';

/** Films have dozens at most, fonts among them. */
const MAX_STREAMS = '500';

/** Bounded requests over one connection; an answer may be shorter, as the server finds right. */
const REMOTE = {
  initial_request_size: '65536',
  request_size: '2097152',
  multiple_requests: '1',
  rw_timeout: '120000000',
} as const;

/** An index at the end is not there yet: places are found by reading on from the last keyframe that was seen. */
const IN_ORDER = { fflags: '+ignidx', skip_estimate_duration_from_pts: '1' } as const;

/** This near to the beginning a demuxer that stands there need not be sent anywhere. */
const BEGINNING_SECONDS = 0.5;

export type StreamKind = 'video' | 'audio' | 'subtitle' | 'other';

export interface DemuxedPacket {
  streamIndex: number;
  /** Undefined where the container has none (AVI). */
  pts: number | undefined;
  dts: number | undefined;
  duration: number;
  isKey: boolean;
  isCorrupt: boolean;
  sizeBytes: number;
}

const number = (ticks: bigint): number | undefined => (ticks === AV_NOPTS_VALUE ? undefined : Number(ticks));

export interface DemuxerOptions {
  input: MediaInput;
  /** Of a remote source. */
  near?: NearBytes | undefined;
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
  readonly #near: NearBytes | undefined;
  #isClosed = false;
  /** Stands at the beginning: no packet was taken. */
  #isFresh = true;
  readonly streams: Stream[];
  readonly container: string;

  private constructor(context: FormatContext, { input, near }: DemuxerOptions) {
    this.#context = context;
    this.#near = near;
    this.#isLocal = input.kind === 'file';
    this.#isInOrder = input.kind === 'endpoint' && input.inOrder === true;
    this.#packet.alloc();
    this.streams = context.streams;
    this.container = context.iformat?.name ?? '';
  }

  /** @throws AppError NOT_MEDIA when no container format is recognised; the signal's reason */
  static async open(options: DemuxerOptions, signal: AbortSignal): Promise<Demuxer> {
    const { input } = options;
    const isLocal = input.kind === 'file';
    const context = new FormatContext();
    // Without it there is nothing yet that could be interrupted.
    context.allocContext();
    const dictionary = Dictionary.fromObject({
      format_whitelist: FORMATS,
      codec_whitelist: DECODERS,
      max_streams: MAX_STREAMS,
      protocol_whitelist: isLocal ? 'file' : 'http,tcp',
      ...(isLocal ? {} : { ...REMOTE, headers: input.headers }),
      ...(input.kind === 'endpoint' && input.inOrder ? IN_ORDER : {}),
    });
    const url = isLocal ? `file:${input.path}` : input.url;
    const code = isLocal
      ? context.openInputSync(url, null, dictionary)
      : await interrupting([context], signal, () => context.openInput(url, null, dictionary));
    if (code < 0) {
      throw new AppError('NOT_MEDIA', 'The source is not a media file that can be read.', {
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
    const duration = number(this.#context.duration);
    return duration === undefined || duration <= 0 ? undefined : duration / 1e6;
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

  stream(index: number): Stream {
    const stream = this.streams[index];
    if (!stream) throw new AppError('MEDIA_FAILED', `The source has no stream ${index} any more.`);
    return stream;
  }

  /** Packets of all other streams are dropped inside the demuxer, but for pictures it finds its way by. */
  keepOnly(indexes: number[]): void {
    for (const stream of this.streams) {
      const isWay = this.#isInOrder && this.kindOf(stream) === 'video';
      stream.discard = isWay || indexes.includes(stream.index) ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
    }
    const kinds = indexes.map((index) => this.kindOf(this.stream(index)));
    this.#near?.moved({ isDense: kinds.includes('video') });
  }

  /** Goes to the last keyframe at or before `ticks` of the stream; false when the container cannot. */
  async seek(streamIndex: number, ticks: number): Promise<boolean> {
    const stream = this.stream(streamIndex);
    // AVI and MP3 fail before their beginning, and stand anywhere then. MPEG is searched by decode times, which begin before `startTime`.
    const first = Math.min(0, number(stream.startTime) ?? 0);
    const mayBeEarlier = this.isIndexed || this.container.startsWith('mpeg');
    const target = BigInt(Math.floor(mayBeEarlier ? ticks : Math.max(ticks, first)));
    if (this.#isInOrder && this.#isFresh && (await this.#beginsNear(stream, ticks))) return true;
    this.#near?.moved();
    const kept = stream.discard;
    // MPEG-TS is searched by the timestamps of this stream's packets: it finds none where they are dropped.
    stream.discard = AVDISCARD_DEFAULT;
    const code = this.#isLocal
      ? this.#context.seekFrameSync(streamIndex, target, AVSEEK_FLAG_BACKWARD)
      : await this.#context.seekFrame(streamIndex, target, AVSEEK_FLAG_BACKWARD);
    stream.discard = kept;
    return code >= 0;
  }

  /** Otherwise the first packet is taken: Matroska without an index goes on from the last keyframe that it saw, and must have seen one. */
  async #beginsNear(stream: Stream, ticks: number): Promise<boolean> {
    const { num, den } = stream.timeBase;
    if ((ticks * num) / den <= BEGINNING_SECONDS) return true;
    stream.discard = AVDISCARD_DEFAULT;
    for (;;) {
      const packet = await this.read();
      if (!packet || packet.streamIndex === stream.index) return false;
    }
  }

  /** The next packet, or undefined at the end. Its payload is in `payload` / `raw` until the next call. */
  async read(): Promise<DemuxedPacket | undefined> {
    const packet = this.#packet;
    this.#isFresh = false;
    packet.unref();
    const isAtOnce = this.#isLocal || (await this.#near?.holdsNext()) === true;
    const code = isAtOnce ? this.#context.readFrameSync(packet) : await this.#context.readFrame(packet);
    if (code === AVERROR_EOF) return undefined;
    check(code, 'read the source');
    this.#near?.tookPacket(Number(packet.pos), packet.size);
    return {
      streamIndex: packet.streamIndex,
      pts: number(packet.pts),
      dts: number(packet.dts),
      duration: Number(packet.duration),
      isKey: packet.isKeyframe,
      isCorrupt: packet.hasFlags(AV_PKT_FLAG_CORRUPT),
      sizeBytes: packet.size,
    };
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
