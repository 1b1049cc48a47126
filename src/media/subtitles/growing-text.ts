// A text that is still being made. A reader gets the pieces so far, then the rest as it is made. The text is made once for all readers.

export interface GrowingTextOptions {
  /** Makes the text; called when the first reader starts. */
  make(signal: AbortSignal): AsyncIterable<string>;
  /** Called once: with all pieces, or with undefined when the text was not finished. */
  onEnd(pieces: readonly string[] | undefined): void;
}

/** The work is cancelled when the last reader leaves before the text is finished. */
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

  /** Whether the text is finished, failed or cancelled. */
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

  /** Cancels an unfinished text. */
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
