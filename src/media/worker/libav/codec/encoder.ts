// Opens and runs the two encoders that the server uses: frames in, coded samples out.
import { AVERROR_EAGAIN, AVERROR_EOF, FF_ENCODER_AAC, FF_ENCODER_LIBX264 } from 'node-av/constants';
import { Codec, CodecContext, Dictionary, Packet } from 'node-av/lib';
import type { Frame } from 'node-av/lib';
import { AppError } from '../../../../base/app-error.ts';
import { check } from './check.ts';

const ENCODERS = { libx264: FF_ENCODER_LIBX264, aac: FF_ENCODER_AAC };

/** Takes all finished packets from an encoder context. */
export async function drain(context: CodecContext, onPacket: (packet: Packet) => void): Promise<void> {
  const packet = new Packet();
  packet.alloc();
  try {
    for (;;) {
      const code = await context.receivePacket(packet);
      if (code === AVERROR_EAGAIN || code === AVERROR_EOF) return;
      check(code, 'encode');
      onPacket(packet);
      packet.unref();
    }
  } finally {
    packet.free();
  }
}

/** Opens an encoder by name; `configure` sets the context before it opens. */
export async function openEncoder(
  name: keyof typeof ENCODERS,
  configure: (context: CodecContext) => Record<string, string>,
): Promise<CodecContext> {
  const codec = Codec.findEncoderByName(ENCODERS[name]);
  if (!codec) throw new AppError('MEDIA_FAILED', `The media library has no ${name} encoder`);
  const context = new CodecContext();
  context.allocContext3(codec);
  const options = configure(context);
  const code = await context.open2(codec, Dictionary.fromObject(options));
  if (code < 0) {
    context.freeContext();
    check(code, `open the ${name} encoder`);
  }
  return context;
}

/** Sends one frame (undefined: the end) to an encoder. */
export async function encode(context: CodecContext, frame: Frame | undefined): Promise<void> {
  check(await context.sendFrame(frame ?? null), 'encode');
}

/** The same, synchronously: handing an audio frame to another thread takes a third of the time of encoding it. */
export function encodeAtOnce(context: CodecContext, frame: Frame | undefined): void {
  check(context.sendFrameSync(frame ?? null), 'encode');
}

/** The same as `drain`, synchronously. */
export function drainAtOnce(context: CodecContext, onPacket: (packet: Packet) => void): void {
  const packet = new Packet();
  packet.alloc();
  try {
    for (;;) {
      const code = context.receivePacketSync(packet);
      if (code === AVERROR_EAGAIN || code === AVERROR_EOF) return;
      check(code, 'encode');
      onPacket(packet);
      packet.unref();
    }
  } finally {
    packet.free();
  }
}
