// Recognizes sequential readers: a media worker reads a source by many consecutive requests, which count as one reader.

export interface Reader {
  /** Bytes read sequentially, over all streams of the reader. */
  inOrderBytes: number;
}

interface Waiting {
  reader: Reader;
  timer: NodeJS.Timeout;
}

/** How long a reader at the end of its request is expected to send the next one. */
const NEXT_REQUEST_MS = 1000;

export class SequentialReaders implements Disposable {
  /** Waiting readers, by the offset at which they stopped. */
  readonly #waiting = new Map<number, Waiting>();

  /** The reader that stopped at `start` within the last second, or a new one. */
  readerAt(start: number): Reader {
    const waiting = this.#waiting.get(start);
    if (waiting === undefined) return { inOrderBytes: 0 };
    clearTimeout(waiting.timer);
    this.#waiting.delete(start);
    return waiting.reader;
  }

  /** Expects the reader to continue at `end`; calls `gone` when it does not. */
  expect(reader: Reader, end: number, gone: () => void): void {
    const other = this.#waiting.get(end);
    if (other !== undefined) return gone();
    const timer = setTimeout(() => {
      this.#waiting.delete(end);
      gone();
    }, NEXT_REQUEST_MS);
    this.#waiting.set(end, { reader, timer });
  }

  [Symbol.dispose](): void {
    for (const { timer } of this.#waiting.values()) clearTimeout(timer);
    this.#waiting.clear();
  }
}
