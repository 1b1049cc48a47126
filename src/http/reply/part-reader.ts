// Reads a file part by part. While its bytes are in the system's memory they are read on the spot: having a thread read them takes
// longer, and leaves them in the caches of another core than the one that sends them.
import { closeSync, openSync, read, readSync } from 'node:fs';
import { promisify } from 'node:util';

import type { ByteRange } from '../../base/byte-range.ts';

/** No longer than this may a read hold everything else up; after a longer one the next is left to a thread, and timed there. */
const QUICK_MS = 2;

/** What readers of one disk tell each other: whether the last read took next to no time. */
export interface Pace {
  isQuick: boolean;
}

const readByThread = promisify(read);

export class PartReader implements Disposable {
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

  /** Whether the next read will probably take next to no time. */
  get isQuick(): boolean {
    return this.#pace.isQuick;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#end;
  }

  /** Fills the buffer as far as it goes: the number of bytes, 0 at the end of the range or file, and when it cannot be read. Never rejects. */
  async read(buffer: Buffer): Promise<number> {
    const length = Math.min(buffer.length, this.#end - this.#at);
    if (length <= 0) return 0;
    const startedMs = performance.now();
    const bytesRead = await this.#readPart(buffer, length).catch(() => 0);
    this.#pace.isQuick = performance.now() - startedMs <= QUICK_MS;
    this.#at += bytesRead;
    return bytesRead;
  }

  /** No read may be under way. */
  [Symbol.dispose](): void {
    closeSync(this.#descriptor);
  }

  async #readPart(buffer: Buffer, length: number): Promise<number> {
    if (this.#pace.isQuick) return readSync(this.#descriptor, buffer, 0, length, this.#at);
    return (await readByThread(this.#descriptor, buffer, 0, length, this.#at)).bytesRead;
  }
}
