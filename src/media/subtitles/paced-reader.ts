// Paces the reads of a source whose download follows its readers: one at a time and with pauses, so that playback comes first.
import { setTimeout as delay } from 'node:timers/promises';
import type { ByteRange } from '../../base/byte-range.ts';
import type { ByteReader } from '../index/container/container-index.ts';

export interface Pace {
  /** A read that took longer than this was not buffered. */
  fetchedMs: number;
  /** The pause after such a read. */
  pauseMs: number;
}

const PACE: Pace = { fetchedMs: 50, pauseMs: 2000 };

export class PacedReader implements ByteReader {
  readonly #reader: ByteReader;
  readonly #signal: AbortSignal;
  readonly #pace: Pace;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(reader: ByteReader, signal: AbortSignal, pace = PACE) {
    this.#reader = reader;
    this.#signal = signal;
    this.#pace = pace;
  }

  get sizeBytes(): number | undefined {
    return this.#reader.sizeBytes;
  }

  get isSeekable(): boolean {
    return this.#reader.isSeekable;
  }

  read(range: ByteRange): Promise<Uint8Array> {
    const began = this.#turn.then(() => performance.now());
    const bytes = began.then(() => {
      this.#signal.throwIfAborted();
      return this.#reader.read(range);
    });
    this.#turn = Promise.all([began, bytes])
      .then(([beganMs]) => this.#pauseAfter(beganMs))
      .catch(() => undefined);
    return bytes;
  }

  async #pauseAfter(beganMs: number): Promise<void> {
    if (performance.now() - beganMs <= this.#pace.fetchedMs) return;
    await delay(this.#pace.pauseMs, undefined, { signal: this.#signal, ref: false });
  }
}
