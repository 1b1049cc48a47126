// Whether a video is interlaced, told from some decoded pictures: most codecs say so in each picture, and in no header that a container keeps.
import { AV_FRAME_FLAG_INTERLACED } from 'node-av/constants';
import type { Packet, Stream } from 'node-av/lib';
import { codecName } from '../codec/check.ts';
import { Decoder } from '../codec/decoder.ts';
import { decoderFor } from '../codec/decoders.ts';

/** Their parameter sets tell, or they have no fields. */
const TOLD_BY_HEADERS = new Set(['h264', 'hevc', 'vvc', 'av1', 'vp8', 'vp9', 'flv1', 'theora']);

/** Enough to get past a title that was drawn without fields. */
const PICTURES = 24;
/** Packets that give no picture are not waited for. */
const MAX_PACKETS = 60;

export class FieldProbe implements Disposable {
  readonly #decoder: Decoder;
  #packets = 0;
  #pictures = 0;
  hasFields = false;

  private constructor(decoder: Decoder) {
    this.#decoder = decoder;
  }

  /** Undefined: this codec needs no decoding to tell, or cannot be decoded. */
  static async open(stream: Stream): Promise<FieldProbe | undefined> {
    if (TOLD_BY_HEADERS.has(codecName(stream.codecpar)) || !decoderFor(stream.codecpar)) return undefined;
    return new FieldProbe(await Decoder.open(stream, 1));
  }

  get isDone(): boolean {
    return this.hasFields || this.#pictures >= PICTURES || this.#packets >= MAX_PACKETS;
  }

  async take(packet: Packet): Promise<void> {
    if (this.isDone) return;
    this.#packets += 1;
    for (const frame of await this.#decoder.decode(packet)) {
      this.#pictures += 1;
      if ((frame.flags & AV_FRAME_FLAG_INTERLACED) !== 0) this.hasFields = true;
      frame.free();
    }
  }

  [Symbol.dispose](): void {
    this.#decoder[Symbol.dispose]();
  }
}
