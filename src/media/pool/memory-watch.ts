// Limits the memory of a worker: a source of a few kilobytes can make a decoder allocate more than the machine has.
import { readFileSync, writeFileSync } from 'node:fs';

export interface MemoryWatchOptions {
  pid: number | undefined;
  limitBytes: number;
  /** Called once; the watch has stopped by then. */
  onExcess: () => void;
}

/** A decoder fills gigabytes in a second. */
const CHECK_MS = 200;

export class MemoryWatch {
  readonly #options: MemoryWatchOptions;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: MemoryWatchOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer ??= setInterval(() => this.#check(), CHECK_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #check(): void {
    const { pid, limitBytes, onExcess } = this.#options;
    if (pid === undefined || (residentBytes(pid) ?? 0) <= limitBytes) return;
    this.stop();
    onExcess();
  }
}

/** Makes the kernel end a worker, which is replaced, and not the server, when memory runs out in spite of the limit. */
export function preferForOomKill(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, '500');
  } catch {
    // Not on Linux, or not permitted: the kernel chooses by itself.
  }
}

/** Undefined where it is unknown: on systems other than Linux. */
function residentBytes(pid: number): number | undefined {
  try {
    const kibibytes = /^VmRSS:\s*(\d+) kB$/mu.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
  } catch {
    return undefined;
  }
}
