// A text that is still being made: whoever reads it gets what is there and then the rest as it comes. Made once for all its readers.

export interface GrowingTextOptions {
  /** Begins to make the text; called with the first reader. */
  make(signal: AbortSignal): AsyncIterable<string>;
  /** Called once, with all pieces, or with undefined when they were not finished. */
  onEnd(pieces: readonly string[] | undefined): void;
}

/** Ends when the last reader has gone before the text was finished. */
export class GrowingText {
  readonly #options: GrowingTextOptions;
  readonly #stop = new AbortController();
  readonly #pieces: string[] = [];
  #grown = Promise.withResolvers<void>();
  #state: 'new' | 'growing' | 'whole' | 'failed' = 'new';
  #error: unknown;
  #readers = 0;

  constructor(options: GrowingTextOptions) {
    this.#options = options;
  }

  /** Whether it is finished, or has been given up. */
  get isOver(): boolean {
    return this.#stop.signal.aborted || this.#state === 'whole' || this.#state === 'failed';
  }

  /** The text from its beginning, in pieces. @throws what making it throws; the signal's reason */
  async *read(signal: AbortSignal): AsyncGenerator<string> {
    this.#readers += 1;
    const left = Promise.withResolvers<void>();
    const leave = () => left.resolve();
    signal.addEventListener('abort', leave, { once: true });
    try {
      if (this.#state === 'new') void this.#grow();
      for (let at = 0; ;) {
        signal.throwIfAborted();
        if (at < this.#pieces.length) {
          const text = this.#pieces.slice(at).join('');
          at = this.#pieces.length;
          yield text;
        } else if (this.#state === 'failed') throw this.#error;
        else if (this.#state === 'whole') return;
        else await Promise.race([this.#grown.promise, left.promise]);
      }
    } finally {
      signal.removeEventListener('abort', leave);
      this.#readers -= 1;
      if (this.#readers === 0) this.#stop.abort();
    }
  }

  /** Gives up what is not finished. */
  close(): void {
    this.#stop.abort();
  }

  async #grow(): Promise<void> {
    this.#state = 'growing';
    try {
      for await (const piece of this.#options.make(this.#stop.signal)) {
        this.#stop.signal.throwIfAborted();
        this.#pieces.push(piece);
        this.#wake();
      }
      this.#state = 'whole';
    } catch (error) {
      this.#error = error;
      this.#state = 'failed';
    }
    this.#wake();
    this.#options.onEnd(this.#state === 'whole' ? this.#pieces : undefined);
  }

  #wake(): void {
    this.#grown.resolve();
    this.#grown = Promise.withResolvers<void>();
  }
}
