// Ends an attempt when nothing arrives in time: before the first byte of an answer as well as between two chunks of it.
import { AppError } from '../../../base/app-error.ts';
import { UpstreamFailure } from './upstream-failure.ts';

export class StallWatch implements Disposable {
  readonly #controller = new AbortController();
  readonly #stallMs: number;
  /** When the waiting began; undefined: we are not waiting. */
  #since: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Aborted by the stall, or by the outer signal. */
  readonly signal: AbortSignal;

  constructor(stallMs: number, outer: AbortSignal) {
    this.#stallMs = stallMs;
    this.signal = AbortSignal.any([outer, this.#controller.signal]);
  }

  /** From now on something must happen within the limit. */
  arm(): void {
    this.#since = performance.now();
    this.#timer ??= setTimeout(() => this.#look(), this.#stallMs);
  }

  /** We are not waiting for the server. */
  rest(): void {
    this.#since = undefined;
  }

  /** One timer for many waits: a new one for each chunk would cost more than the chunk. */
  #look(): void {
    this.#timer = undefined;
    if (this.#since === undefined) return;
    const leftMs = this.#since + this.#stallMs - performance.now();
    if (leftMs > 0) {
      this.#timer = setTimeout(() => this.#look(), leftMs);
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
