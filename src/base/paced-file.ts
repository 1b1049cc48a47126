// A file that is read at positions, into buffers of the caller. Bytes in the page cache of the system are read synchronously: a read on a
// thread takes longer, and leaves the bytes in the cache of another core than the sending one.
import { closeSync, openSync, read, readSync } from 'node:fs';
import { promisify } from 'node:util';

/** A read that blocks the event loop for longer than this makes the next one run on a thread, where it is timed again. */
const QUICK_MS = 2;

/** Shared by the files of one disk: whether the last read took at most `QUICK_MS`. */
export interface Pace {
  isQuick: boolean;
}

const readByThread = promisify(read);

export class PacedFile {
  readonly #descriptor: number;
  readonly #pace: Pace;
  #pendingReads = 0;
  #isClosing = false;
  readonly #closed = Promise.withResolvers<void>();

  /** @throws the error of the file system when the file cannot be opened */
  constructor(path: string, pace: Pace) {
    this.#descriptor = openSync(path, 'r');
    this.#pace = pace;
  }

  /** Whether the next read will probably come from the page cache. */
  get isQuick(): boolean {
    return this.#pace.isQuick;
  }

  /**
   * Fills the buffer from `position` on. Returns the number of bytes: fewer than the buffer holds only at the end of the file.
   * @throws the error of the file system
   */
  async read(buffer: Uint8Array, position: number): Promise<number> {
    if (this.#isClosing) throw new TypeError('the file is closed');
    const startedMs = performance.now();
    this.#pendingReads += 1;
    try {
      if (this.#pace.isQuick) return readSync(this.#descriptor, buffer, 0, buffer.length, position);
      return (await readByThread(this.#descriptor, buffer, 0, buffer.length, position)).bytesRead;
    } finally {
      this.#pace.isQuick = performance.now() - startedMs <= QUICK_MS;
      this.#pendingReads -= 1;
      if (this.#isClosing && this.#pendingReads === 0) this.#close();
    }
  }

  /** Closes the file as soon as no read is pending, since another file may get the number of the descriptor; resolves then. */
  close(): Promise<void> {
    if (!this.#isClosing && this.#pendingReads === 0) this.#close();
    this.#isClosing = true;
    return this.#closed.promise;
  }

  #close(): void {
    closeSync(this.#descriptor);
    this.#closed.resolve();
  }
}
