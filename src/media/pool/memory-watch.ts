// Sees to it that a worker takes no more memory than it may: a film of a few kilobytes can ask for more than the machine has.
import { readFileSync, writeFileSync } from 'node:fs';

export interface MemoryWatchOptions {
  pid: number | undefined;
  limitBytes: number;
  /** Told once; the watch has ended then. */
  onExcess: () => void;
}

/** A decoder fills gigabytes in a second. */
const LOOK_MS = 200;

export class MemoryWatch {
  readonly #options: MemoryWatchOptions;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: MemoryWatchOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer ??= setInterval(() => this.#look(), LOOK_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    const { pid, limitBytes, onExcess } = this.#options;
    if (pid === undefined || (residentBytes(pid) ?? 0) <= limitBytes) return;
    this.stop();
    onExcess();
  }
}

/** Should memory run out in spite of all, the kernel is to end a worker, which is replaced, and not the server. */
export function offerToKernel(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/oom_score_adj`, '500');
  } catch {
    // Elsewhere than on Linux, or not allowed: the kernel chooses by itself.
  }
}

/** Undefined where that is not known: elsewhere than on Linux. */
function residentBytes(pid: number): number | undefined {
  try {
    const kibibytes = /^VmRSS:\s*(\d+) kB$/mu.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kibibytes === undefined ? undefined : Number(kibibytes) * 1024;
  } catch {
    return undefined;
  }
}
