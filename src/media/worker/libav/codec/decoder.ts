// Decodes the packets of one stream to frames.
import { AVERROR_EAGAIN, AVERROR_EOF, AVERROR_INVALIDDATA } from 'node-av/constants';
import { CodecContext, CodecParameters, Dictionary, Frame } from 'node-av/lib';
import type { Packet, Stream } from 'node-av/lib';
import { AppError } from '../../../../base/app-error.ts';
import { check, codecName } from './check.ts';
import { decoderFor, MAX_PIXELS } from './decoders.ts';

/** More than the damaged packets that a decoder with threads can hold at once. */
const MAX_FAILURES = 64;

/** Decodes one stream. The caller frees every returned frame. */
export class Decoder implements Disposable {
  readonly #context = new CodecContext();

  private constructor() {}

  /** `extradata`: replaces the extradata of the stream. @throws AppError UNSUPPORTED_MEDIA without a decoder, MEDIA_FAILED */
  static async open(stream: Stream, threads: number, extradata?: Buffer): Promise<Decoder> {
    const codec = decoderFor(stream.codecpar);
    if (!codec) throw new AppError('UNSUPPORTED_MEDIA', `There is no decoder for ${codecName(stream.codecpar)}`);
    const decoder = new Decoder();
    const context = decoder.#context;
    context.allocContext3(codec);
    takeParameters(context, stream.codecpar);
    if (extradata) context.extraData = extradata;
    context.pktTimebase = stream.timeBase;
    context.threadCount = threads;
    const options = Dictionary.fromObject({ max_pixels: String(MAX_PIXELS) });
    check(await context.open2(codec, options), 'open the decoder');
    return decoder;
  }

  /** Frames that the decoder holds back to output them in presentation order. */
  get delayFrames(): number {
    return this.#context.hasBFrames;
  }

  /** Decodes a packet (undefined: the end); returns the finished frames. A damaged packet yields none and does not stop those after it. */
  async decode(packet: Packet | undefined): Promise<Frame[]> {
    await this.#context.sendPacket(packet ?? null);
    const frames: Frame[] = [];
    for (let failures = 0; failures < MAX_FAILURES;) {
      const frame = new Frame();
      frame.alloc();
      const code = await this.#context.receiveFrame(frame);
      if (code < 0) {
        frame.free();
        if (code === AVERROR_EAGAIN || code === AVERROR_EOF) return frames;
        continueOnBrokenData(code);
        failures += 1;
      } else frames.push(frame);
    }
    return frames;
  }

  /** The same, synchronously: handing a short audio frame to another thread takes longer than decoding it. */
  decodeAtOnce(packet: Packet | undefined): Frame[] {
    this.#context.sendPacketSync(packet ?? null);
    const frames: Frame[] = [];
    for (let failures = 0; failures < MAX_FAILURES;) {
      const frame = new Frame();
      frame.alloc();
      const code = this.#context.receiveFrameSync(frame);
      if (code < 0) {
        frame.free();
        if (code === AVERROR_EAGAIN || code === AVERROR_EOF) return frames;
        continueOnBrokenData(code);
        failures += 1;
      } else frames.push(frame);
    }
    return frames;
  }

  [Symbol.dispose](): void {
    this.#context.freeContext();
  }
}

/** Removes the initial padding: decoders would cut it off at any start position. The track's first packet states it too. */
function takeParameters(context: CodecContext, stated: CodecParameters): void {
  const parameters = new CodecParameters();
  parameters.alloc();
  try {
    check(stated.copy(parameters), 'copy the parameters');
    parameters.initialPadding = 0;
    check(context.parametersToContext(parameters), 'set up the decoder');
  } finally {
    parameters.free();
  }
}

/** Ignores damaged packets, so that the decoder continues with the next one; throws for any other failure. */
function continueOnBrokenData(code: number): void {
  if (code !== AVERROR_INVALIDDATA) check(code, 'decode');
}
