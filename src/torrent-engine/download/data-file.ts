// The one sparse file of a torrent: every block at its offset in the torrent, holes for missing blocks.
import { closeSync, constants, fstatSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { sparseSync, trimSync } from 'fs-native-extensions';
import type { ByteRange } from '../../base/byte-range.ts';

export class DataFile implements Disposable {
  readonly path: string;
  readonly #fd: number;
  #isOpen = true;
  #canPunch = true;

  /** @throws the error of the file system */
  constructor(path: string, totalBytes: number) {
    this.path = path;
    const flags = constants.O_RDWR | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0);
    this.#fd = openSync(path, flags, 0o600);
    try {
      if (process.platform === 'win32') sparseSync(this.#fd);
      if (fstatSync(this.#fd).size !== totalBytes) ftruncateSync(this.#fd, totalBytes);
    } catch (error) {
      closeSync(this.#fd);
      throw error;
    }
  }

  /** Whether the file system can punch holes, so that space is freed without deleting the file. */
  get canPunch(): boolean {
    return this.#canPunch;
  }

  /** Whether the file takes any space on the disk. */
  get isFilled(): boolean {
    return fstatSync(this.#fd).blocks > 0;
  }

  /** Synchronous: the bytes go to the system's page cache, and a disk that is too slow has to slow down the peers. */
  write(bytes: Uint8Array, offset: number): void {
    for (let done = 0; done < bytes.length;)
      done += writeSync(this.#fd, bytes, done, bytes.length - done, offset + done);
  }

  /** The result is shorter than the range only at the end of the file. */
  read({ start, end }: ByteRange): Uint8Array {
    const bytes = Buffer.allocUnsafe(end - start);
    let done = 0;
    while (done < bytes.length) {
      const count = readSync(this.#fd, bytes, done, bytes.length - done, start + done);
      if (count === 0) break;
      done += count;
    }
    return bytes.subarray(0, done);
  }

  /** Frees the space of a range; false when the file system cannot punch holes. */
  punch({ start, end }: ByteRange): boolean {
    if (!this.#canPunch) return false;
    try {
      trimSync(this.#fd, start, end - start);
    } catch {
      this.#canPunch = false;
    }
    return this.#canPunch;
  }

  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeSync(this.#fd);
  }
}
