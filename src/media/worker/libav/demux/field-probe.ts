// Detects interlaced video from some decoded frames: most codecs state it in each coded picture, not in a header that containers store.
import { AV_FRAME_FLAG_INTERLACED } from 'node-av/constants';
import type { Packet, Stream } from 'node-av/lib';
import { codecName } from '../codec/check.ts';
import { Decoder } from '../codec/decoder.ts';
import { decoderFor } from '../codec/decoders.ts';

/** Codecs whose parameter sets state it, or that have no fields. */
const STATED_BY_HEADERS = new Set(['h264', 'hevc', 'vvc', 'av1', 'vp8', 'vp9', 'flv1', 'theora']);

/** Enough frames to get past a title that is progressive. */
const MAX_FRAMES = 24;
/** The most packets that are decoded, even if they yield no frame. */
const MAX_PACKETS = 60;

export class FieldProbe implements Disposable {
  readonly #decoder: Decoder;
  #packets = 0;
  #frames = 0;
  hasFields = false;

  private constructor(decoder: Decoder) {
    this.#decoder = decoder;
  }

  /** Undefined when the codec needs no probe, or cannot be decoded. */
  static async open(stream: Stream): Promise<FieldProbe | undefined> {
    if (STATED_BY_HEADERS.has(codecName(stream.codecpar)) || !decoderFor(stream.codecpar)) return undefined;
    return new FieldProbe(await Decoder.open(stream, 1));
  }

  get isDone(): boolean {
    return this.hasFields || this.#frames >= MAX_FRAMES || this.#packets >= MAX_PACKETS;
  }

  async take(packet: Packet): Promise<void> {
    if (this.isDone) return;
    this.#packets += 1;
    for (const frame of await this.#decoder.decode(packet)) {
      this.#frames += 1;
      if ((frame.flags & AV_FRAME_FLAG_INTERLACED) !== 0) this.hasFields = true;
      frame.free();
    }
  }

  [Symbol.dispose](): void {
    this.#decoder[Symbol.dispose]();
  }
}
