// Tells a process that hangs from one that lives: it is asked at intervals, and one that leaves several questions unanswered hangs.

export interface SilenceWatchOptions {
  /** Sends a question; any word of the process is the answer. */
  ask: () => void;
  onSilence: () => void;
  everyMs: number;
  /** Questions without an answer, one after the other. Counted, not timed: a machine that slept is not a process that hangs. */
  unanswered: number;
  /** Whether the process has worked since the last call, which counts as an answer. */
  hasWorked?: () => boolean;
}

export class SilenceWatch {
  readonly #options: SilenceWatchOptions;
  #timer: NodeJS.Timeout | undefined;
  #unanswered = 0;

  constructor(options: SilenceWatchOptions) {
    this.#options = options;
  }

  start(): void {
    if (this.#timer) return;
    this.heard();
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
    const { ask, onSilence, unanswered, hasWorked } = this.#options;
    if (hasWorked?.() === true) this.heard();
    if (this.#unanswered >= unanswered) {
      this.stop();
      return onSilence();
    }
    this.#unanswered += 1;
    ask();
  }
}
