// Reads a range of bytes part by part, into buffers of the caller: the port between the stores and sources of bytes and the HTTP replies.
import type { ByteRange } from './byte-range.ts';
import { PacedFile, type Pace } from './paced-file.ts';

/** An open range of bytes, read from its start to its end. To be disposed when no read is pending. */
export interface PartReader extends Disposable {
  /** All bytes of the range, if they are in memory. */
  readonly bytes: Uint8Array | undefined;
  /** Whether the next read will probably come from the page cache or memory. */
  readonly isQuick: boolean;
  /**
   * Fills the buffer as far as bytes are available, and waits only while there is none. Returns the number of bytes: 0 at the end of the
   * range, or where the content ends before it.
   * @throws the error of the content
   */
  read(buffer: Uint8Array): Promise<number>;
}

export class FilePartReader implements PartReader {
  readonly bytes = undefined;
  readonly #file: PacedFile;
  readonly #end: number;
  #at: number;

  /** @throws the error of the file system when the file cannot be opened */
  constructor(path: string, { start, end }: ByteRange, pace: Pace) {
    this.#file = new PacedFile(path, pace);
    this.#at = start;
    this.#end = end;
  }

  get isQuick(): boolean {
    return this.#file.isQuick;
  }

  async read(buffer: Uint8Array): Promise<number> {
    const length = Math.min(buffer.length, this.#end - this.#at);
    if (length <= 0) return 0;
    const bytesRead = await this.#file.read(buffer.subarray(0, length), this.#at);
    this.#at += bytesRead;
    return bytesRead;
  }

  [Symbol.dispose](): void {
    void this.#file.close();
  }
}

/** A reader of bytes in memory. */
export function memoryPartReader(whole: Uint8Array, { start, end }: ByteRange): PartReader {
  const bytes = whole.subarray(start, end);
  let at = 0;
  return {
    bytes,
    isQuick: true,
    read: async (buffer) => {
      const part = bytes.subarray(at, at + buffer.length);
      buffer.set(part);
      at += part.byteLength;
      return part.byteLength;
    },
    [Symbol.dispose]: () => undefined,
  };
}
