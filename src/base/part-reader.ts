// Reads a range of bytes part by part, from a file or from memory. Bytes in the page cache of the system are read
// synchronously: a read on a thread takes longer, and leaves the bytes in the cache of another core than the sending one.
import { closeSync, openSync, read, readSync } from 'node:fs';
import { promisify } from 'node:util';

import type { ByteRange } from './byte-range.ts';

/** An open range of bytes, read from its start to its end. To be disposed when no read is pending. */
export interface PartReader extends Disposable {
  /** All bytes of the range, if they are in memory. */
  readonly bytes: Uint8Array | undefined;
  /** Whether the next read will probably come from the page cache or memory. */
  readonly isQuick: boolean;
  readonly isAtEnd: boolean;
  /** Fills the buffer as far as possible. Returns the number of bytes: 0 at the end of the range, or when the read fails. Never rejects. */
  read(buffer: Buffer): Promise<number>;
}

/** A read that blocks the event loop for longer than this makes the next one run on a thread, where it is timed again. */
const QUICK_MS = 2;

/** Shared by the readers of one disk: whether the last read took at most `QUICK_MS`. */
export interface Pace {
  isQuick: boolean;
}

const readByThread = promisify(read);

export class FilePartReader implements PartReader {
  readonly bytes = undefined;
  readonly #descriptor: number;
  readonly #end: number;
  readonly #pace: Pace;
  #at: number;

  /** @throws the error of the file system when the file cannot be opened */
  constructor(path: string, { start, end }: ByteRange, pace: Pace) {
    this.#descriptor = openSync(path, 'r');
    this.#pace = pace;
    this.#at = start;
    this.#end = end;
  }

  get isQuick(): boolean {
    return this.#pace.isQuick;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#end;
  }

  async read(buffer: Buffer): Promise<number> {
    const length = Math.min(buffer.length, this.#end - this.#at);
    if (length <= 0) return 0;
    const startedMs = performance.now();
    const bytesRead = await this.#readPart(buffer, length).catch(() => 0);
    this.#pace.isQuick = performance.now() - startedMs <= QUICK_MS;
    this.#at += bytesRead;
    return bytesRead;
  }

  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
  }

  async #readPart(buffer: Buffer, length: number): Promise<number> {
    if (this.#pace.isQuick) return readSync(this.#descriptor, buffer, 0, length, this.#at);
    return (await readByThread(this.#descriptor, buffer, 0, length, this.#at)).bytesRead;
  }
}

/** A reader of bytes in memory. */
export function memoryPartReader(whole: Uint8Array, { start, end }: ByteRange): PartReader {
  const bytes = whole.subarray(start, end);
  let at = 0;
  return {
    bytes,
    isQuick: true,
    get isAtEnd() {
      return at >= bytes.byteLength;
    },
    read: async (buffer) => {
      const part = bytes.subarray(at, at + buffer.length);
      buffer.set(part);
      at += part.byteLength;
      return part.byteLength;
    },
    [Symbol.dispose]: () => undefined,
  };
}
