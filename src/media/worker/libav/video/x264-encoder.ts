// The x264 encoder: closed groups of pictures whose bytes depend on their frames alone.
import {
  AVCOL_RANGE_JPEG,
  AVCOL_RANGE_MPEG,
  AV_CODEC_FLAG_GLOBAL_HEADER,
  AV_PICTURE_TYPE_I,
  AV_PICTURE_TYPE_NONE,
  AV_PIX_FMT_YUV420P,
  AV_PROFILE_H264_HIGH,
} from 'node-av/constants';
import { Rational, type CodecContext, type Frame } from 'node-av/lib';
import { AppError } from '../../../../base/app-error.ts';
import { buildAvcConfiguration } from '../../../bitstream/avc-configuration.ts';
import { annexBToSample, annexBUnits, H264_NAL, nalType } from '../../../bitstream/nal-units.ts';
import { X264, type EncodedVideo } from '../../../model/rendition-track.ts';
import type { CodedPicture, GroupEncoding, GroupOptions, VideoEncoder } from '../../encode/video-encoder.ts';
import type { EncoderHeader } from '../../protocol/protocol.ts';
import { drain, encode, openEncoder } from '../codec/encoder.ts';

/** With more threads, the rate control of a row depends on the progress of other threads: equal frames would give different bytes. */
const THREADS = 1;

/** Superfast takes two thirds of the time of veryfast, and has no lookahead. */
const PRESETS = { normal: 'veryfast', fast: 'superfast' } as const;

export const x264Encoder: VideoEncoder<Frame> = {
  id: X264,
  async header(track) {
    using group = await X264Group.open(track, { effort: 'normal', isInsert: false });
    if (!group.header) throw new AppError('MEDIA_FAILED', 'The encoder wrote no parameter sets');
    return group.header;
  },
  open: (track, options) => X264Group.open(track, options),
};

class X264Group implements GroupEncoding<Frame> {
  readonly header: EncoderHeader | undefined;
  readonly #context: CodecContext;
  readonly #timeBase: Rational;
  #count = 0;

  static async open(track: EncodedVideo, options: GroupOptions): Promise<X264Group> {
    const context = await openContext(track, options);
    const timeBase = new Rational(track.frameRate.den, track.frameRate.num);
    return new X264Group(context, timeBase, options.isInsert ? undefined : headerOf(context));
  }

  private constructor(context: CodecContext, timeBase: Rational, header: EncoderHeader | undefined) {
    this.#context = context;
    this.#timeBase = timeBase;
    this.header = header;
  }

  async encode(frame: Frame): Promise<CodedPicture[]> {
    frame.pts = BigInt(this.#count);
    frame.timeBase = this.#timeBase;
    frame.pictType = this.#count === 0 ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    this.#count += 1;
    await encode(this.#context, frame);
    return this.#take();
  }

  async finish(): Promise<CodedPicture[]> {
    await encode(this.#context, undefined);
    return this.#take();
  }

  [Symbol.dispose](): void {
    this.#context.freeContext();
  }

  async #take(): Promise<CodedPicture[]> {
    const pictures: CodedPicture[] = [];
    await drain(this.#context, (packet) => {
      const data = annexBToSample(packet.data ?? new Uint8Array(0));
      pictures.push({ data, index: Number(packet.pts), isSync: packet.isKeyframe });
    });
    return pictures;
  }
}

/** Opens the context. The VUI states the colour, because MPEG-TS has no other field for it. */
function openContext(track: EncodedVideo, { effort, isInsert }: GroupOptions): Promise<CodecContext> {
  return openEncoder('libx264', (context) => {
    context.width = track.width;
    context.height = track.height;
    context.pixelFormat = AV_PIX_FMT_YUV420P;
    context.timeBase = new Rational(track.frameRate.den, track.frameRate.num);
    context.framerate = new Rational(track.frameRate.num, track.frameRate.den);
    context.sampleAspectRatio = new Rational(track.sampleAspectRatio.num, track.sampleAspectRatio.den);
    context.profile = AV_PROFILE_H264_HIGH;
    context.level = track.level;
    context.threadCount = THREADS;
    const { primaries, transfer, matrix, fullRange } = track.color;
    Object.assign(context, { colorPrimaries: primaries, colorTrc: transfer, colorSpace: matrix });
    context.colorRange = fullRange ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
    if (!isInsert) context.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER);
    context.maxBFrames = track.bFrames;
    context.rcMaxRate = BigInt(track.maxBitRate);
    // The buffer is 0.9 full at the start of a segment, so a segment of one second has at most 1.45 times the cap: `PEAK_OVER_CAP`.
    context.rcBufferSize = track.maxBitRate / 2;
    return {
      preset: PRESETS[effort],
      profile: 'high',
      crf: String(track.crf),
      'x264-params': `scenecut=0:open-gop=0:keyint=infinite:bframes=${track.bFrames}:mbtree=${canUseTree(track) ? 1 : 0}`,
    };
  });
}

/**
 * With AVX-512, x264's macroblock tree reads uninitialised memory when a row is not a multiple of eight macroblocks: equal frames would give
 * different bytes each time.
 */
function canUseTree({ width }: EncodedVideo): boolean {
  return Math.ceil(width / 16) % 8 === 0;
}

function headerOf(context: CodecContext): EncoderHeader {
  const units = annexBUnits(context.extraData ?? new Uint8Array(0));
  const sps = units.filter((unit) => nalType('h264', unit) === H264_NAL.sps);
  const pps = units.filter((unit) => nalType('h264', unit) === H264_NAL.pps);
  if (!sps.length || !pps.length) throw new AppError('MEDIA_FAILED', 'The encoder wrote no parameter sets');
  return { configuration: buildAvcConfiguration({ sps, pps }) };
}
