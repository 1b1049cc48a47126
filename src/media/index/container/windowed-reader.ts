// Serves small reads of a container's headers from one buffered window, so that a walk over boxes costs few range reads.
import { MIB } from '../../../base/units.ts';
import type { ByteReader } from './container-index.ts';

const WINDOW_BYTES = 64 * 1024;
const CHUNK_BYTES = 4 * MIB;

/** Reads of any size over a ByteReader; keeps the last window. Allocates only for bytes received, never for a declared size. */
export class WindowedReader {
  readonly #reader: ByteReader;
  #start = 0;
  #bytes: Uint8Array = new Uint8Array(0);

  constructor(reader: ByteReader) {
    this.#reader = reader;
  }

  /** Undefined while unknown. */
  get sizeBytes(): number | undefined {
    return this.#reader.sizeBytes;
  }

  get isSeekable(): boolean {
    return this.#reader.isSeekable;
  }

  /**
   * Bytes `[start, start + length)`, fewer only at the end of the source.
   * A miss reads `windowBytes` ahead; longer requests are read in chunks and not kept.
   */
  async read(start: number, length: number, windowBytes: number = WINDOW_BYTES): Promise<DataView> {
    if (length > windowBytes) return this.#readLong(start, length);
    const isInside = start >= this.#start && start + length <= this.#start + this.#bytes.byteLength;
    if (!isInside) {
      this.#bytes = await this.#readRange(start, windowBytes);
      this.#start = start;
    }
    return viewOf(this.#bytes.subarray(start - this.#start, start - this.#start + length));
  }

  async #readLong(start: number, length: number): Promise<DataView> {
    const chunks: Uint8Array[] = [];
    let taken = 0;
    while (taken < length) {
      const wanted = Math.min(CHUNK_BYTES, length - taken);
      const chunk = await this.#readRange(start + taken, wanted);
      chunks.push(chunk);
      taken += chunk.byteLength;
      if (chunk.byteLength < wanted) break;
    }
    return viewOf(joined(chunks, taken));
  }

  async #readRange(start: number, length: number): Promise<Uint8Array> {
    const end = Math.min(start + length, this.#reader.sizeBytes ?? Number.MAX_SAFE_INTEGER);
    if (!(start < end)) return new Uint8Array(0);
    return this.#reader.read({ start, end });
  }
}

function joined(chunks: Uint8Array[], length: number): Uint8Array {
  const [only] = chunks;
  if (only && chunks.length === 1) return only;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.byteLength;
  }
  return whole;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
