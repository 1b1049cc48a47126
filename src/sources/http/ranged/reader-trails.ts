// Who reads on where a stream ended: a media worker reads a film by many requests, one after the other, and they are one reader.

export interface Reader {
  /** Bytes read in order, over all its streams. */
  inOrderBytes: number;
}

interface Trail {
  reader: Reader;
  timer: NodeJS.Timeout;
}

/** How long the one who read to the end of its request is expected to ask for what comes next. */
const NEXT_REQUEST_MS = 1000;

export class ReaderTrails implements Disposable {
  /** By the byte where the reader stopped. */
  readonly #trails = new Map<number, Trail>();

  /** The reader that stopped at `start` a moment ago, or a new one. */
  readerAt(start: number): Reader {
    const trail = this.#trails.get(start);
    if (trail === undefined) return { inOrderBytes: 0 };
    clearTimeout(trail.timer);
    this.#trails.delete(start);
    return trail.reader;
  }

  /** Expects the reader to go on at `end`; `gone` is called when it does not. */
  expect(reader: Reader, end: number, gone: () => void): void {
    const other = this.#trails.get(end);
    if (other !== undefined) return gone();
    const timer = setTimeout(() => {
      this.#trails.delete(end);
      gone();
    }, NEXT_REQUEST_MS);
    this.#trails.set(end, { reader, timer });
  }

  [Symbol.dispose](): void {
    for (const { timer } of this.#trails.values()) clearTimeout(timer);
    this.#trails.clear();
  }
}
