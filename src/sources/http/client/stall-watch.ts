// Aborts an attempt when nothing arrives in time: before the first byte of a response, or between two chunks.
import { AppError } from '../../../base/app-error.ts';
import { UpstreamFailure } from './upstream-failure.ts';

export class StallWatch implements Disposable {
  readonly #controller = new AbortController();
  readonly #stallMs: number;
  /** When the wait began; undefined: the attempt is not waiting for the server. */
  #since: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Aborted by a stall, or by the outer signal. */
  readonly signal: AbortSignal;

  constructor(stallMs: number, outer: AbortSignal) {
    this.#stallMs = stallMs;
    this.signal = AbortSignal.any([outer, this.#controller.signal]);
  }

  /** Starts the wait for the next chunk. */
  arm(): void {
    this.#since = performance.now();
    this.#timer ??= setTimeout(() => this.#check(), this.#stallMs);
  }

  /** Ends the wait. */
  rest(): void {
    this.#since = undefined;
  }

  /** Checks the wait. One timer serves many waits: a new one for each chunk would cost more than the chunk. */
  #check(): void {
    this.#timer = undefined;
    if (this.#since === undefined) return;
    const leftMs = this.#since + this.#stallMs - performance.now();
    if (leftMs > 0) {
      this.#timer = setTimeout(() => this.#check(), leftMs);
      return;
    }
    const seconds = Math.round(this.#stallMs / 100) / 10;
    const error = new AppError('SOURCE_STALLED', `The server sent nothing for ${seconds} s`);
    this.#controller.abort(new UpstreamFailure('stalled', error));
  }

  [Symbol.dispose](): void {
    this.rest();
    clearTimeout(this.#timer);
  }
}
