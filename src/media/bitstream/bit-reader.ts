// Reads bits, most significant first, and the Exp-Golomb codes of parameter sets. A read past the end is an error, so every loop ends.
import { AppError } from '../../base/app-error.ts';

export class BitReader {
  readonly #bytes: Uint8Array;
  #position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get bitsLeft(): number {
    return this.#bytes.length * 8 - this.#position;
  }

  /** u(n), 0 <= n <= 32. @throws AppError NOT_MEDIA past the end */
  bits(count: number): number {
    if (count > this.bitsLeft) throw new AppError('NOT_MEDIA', 'A stream header ends too early');
    let value = 0;
    let wanted = count;
    while (wanted > 0) {
      const offset = this.#position & 7;
      const taken = Math.min(8 - offset, wanted);
      const byte = this.#bytes[this.#position >> 3] ?? 0;
      value = value * 2 ** taken + ((byte >> (8 - offset - taken)) & (2 ** taken - 1));
      this.#position += taken;
      wanted -= taken;
    }
    return value;
  }

  flag(): boolean {
    return this.bits(1) === 1;
  }

  skip(count: number): void {
    if (count > this.bitsLeft) throw new AppError('NOT_MEDIA', 'A stream header ends too early');
    this.#position += count;
  }

  /** ue(v) (ISO/IEC 14496-10 9.1), at most 2^32 - 2. */
  unsigned(): number {
    let zeros = 0;
    while (!this.flag()) {
      zeros++;
      if (zeros > 31) throw new AppError('NOT_MEDIA', 'A stream header holds a number that is too long');
    }
    return 2 ** zeros - 1 + this.bits(zeros);
  }

  /** ue(v) that must not exceed `most`: for sizes and counts. @throws AppError NOT_MEDIA */
  unsignedUpTo(most: number): number {
    const value = this.unsigned();
    if (value > most)
      throw new AppError('NOT_MEDIA', `A stream header holds ${value} where at most ${most} is possible`);
    return value;
  }

  /** se(v) */
  signed(): number {
    const code = this.unsigned();
    return code % 2 === 1 ? (code + 1) / 2 : 0 - code / 2; // not -0
  }
}
