// Bytes a process has read with system calls, from any file: Linux counts them.
import { readFileSync } from 'node:fs';

export class FileTraffic {
  readonly #pid: number;
  readonly #before: number;

  private constructor(pid: number) {
    this.#pid = pid;
    this.#before = readByProcess(pid);
  }

  static of(pid: number): FileTraffic {
    return new FileTraffic(pid);
  }

  /** Since this was made. */
  readBytes(): number {
    return readByProcess(this.#pid) - this.#before;
  }
}

/** `rchar` of proc(5): what read calls returned, from the disk or from memory. */
function readByProcess(pid: number): number {
  return Number(/^rchar: (\d+)$/mu.exec(readFileSync(`/proc/${pid}/io`, 'latin1'))?.[1]);
}
