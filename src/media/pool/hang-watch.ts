// Tells a worker that hangs from one that works: it is asked again and again, and one that neither answers nor uses the processor hangs.
import { readFileSync } from 'node:fs';

export interface HangWatchOptions {
  pid: number | undefined;
  /** Sends a question; any word of the worker is the answer. */
  ask: () => void;
  onHang: () => void;
  everyMs: number;
}

/** Questions without an answer, one after the other. Counted, not timed: a machine that slept is not a worker that hangs. */
const UNANSWERED_LIMIT = 3;

export class HangWatch {
  readonly #options: HangWatchOptions;
  #timer: NodeJS.Timeout | undefined;
  #unanswered = 0;
  #ticks: number | undefined;

  constructor(options: HangWatchOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#timer) return;
    this.heard();
    this.#ticks = undefined;
    this.#timer = setInterval(() => this.#look(), this.#options.everyMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  heard(): void {
    this.#unanswered = 0;
  }

  #look(): void {
    const { pid, ask, onHang } = this.#options;
    const ticks = pid === undefined ? undefined : processorTicks(pid);
    // A long call into the media library keeps a worker from answering, but not from working. Elsewhere than on Linux nobody can tell.
    if (ticks === undefined || ticks !== this.#ticks) this.heard();
    this.#ticks = ticks;
    if (this.#unanswered >= UNANSWERED_LIMIT) {
      this.stop();
      return onHang();
    }
    this.#unanswered += 1;
    ask();
  }
}

/** Processor time the process has used, in ticks of the system; undefined where that is not known. */
function processorTicks(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(fields[11]) + Number(fields[12]);
  } catch {
    return undefined;
  }
}
