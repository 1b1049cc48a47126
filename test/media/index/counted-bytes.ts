// A film in memory as the index parsers see it, with every read counted.
import { readFile } from 'node:fs/promises';
import type { ByteReader } from '../../../src/media/index/container/container-index.ts';
import type { ByteRange } from '../../../src/base/byte-range.ts';

export class CountedBytes implements ByteReader {
  readonly #bytes: Uint8Array;
  readonly #isSizeKnown: boolean;
  readonly isSeekable = true;
  reads = 0;
  readBytes = 0;

  constructor(bytes: Uint8Array, { isSizeKnown = true } = {}) {
    this.#bytes = bytes;
    this.#isSizeKnown = isSizeKnown;
  }

  static async of(path: string): Promise<CountedBytes> {
    return new CountedBytes(await readFile(path));
  }

  get sizeBytes(): number | undefined {
    return this.#isSizeKnown ? this.#bytes.byteLength : undefined;
  }

  async read({ start, end }: ByteRange): Promise<Uint8Array> {
    if (!(start >= 0 && end >= start)) throw new TypeError(`no range: [${start}, ${end})`);
    const answer = this.#bytes.subarray(start, end);
    this.reads++;
    this.readBytes += answer.byteLength;
    return answer;
  }
}
