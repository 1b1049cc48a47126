// A file that detects reads: the file system records the time of the first read after a change.
import { readFile, stat, utimes } from 'node:fs/promises';

const LONG_AGO = new Date('2001-01-01');

export class CanaryFile {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** False on file systems that record no reads. */
  async isAlive(): Promise<boolean> {
    await this.arm();
    await readFile(this.path);
    return this.wasRead();
  }

  async arm(): Promise<void> {
    await utimes(this.path, LONG_AGO, new Date());
  }

  /** Whether the file was read since it was armed. */
  async wasRead(): Promise<boolean> {
    return (await stat(this.path)).atimeMs !== LONG_AGO.getTime();
  }
}
