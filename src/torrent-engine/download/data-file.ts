// The one sparse file of a torrent: every block at its place, and holes where there is none.
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

  /** Whether room can be given back without deleting the file. */
  get canPunch(): boolean {
    return this.#canPunch;
  }

  /** Whether it takes any room. */
  get isFilled(): boolean {
    return fstatSync(this.#fd).blocks > 0;
  }

  /** Synchronous: it goes to the system's page cache, and a disk that cannot follow has to slow down the peers. */
  write(bytes: Uint8Array, offset: number): void {
    for (let done = 0; done < bytes.length;)
      done += writeSync(this.#fd, bytes, done, bytes.length - done, offset + done);
  }

  /** Shorter only where the file ends. */
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

  /** Gives the room of a range back; false where the file system cannot. */
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
