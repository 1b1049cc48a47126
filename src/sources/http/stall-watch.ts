// Ends an attempt when nothing arrives in time: before the first byte of an answer as well as between two chunks of it.
import { AppError } from '../../base/app-error.ts';
import { UpstreamFailure } from './upstream-failure.ts';

export class StallWatch implements Disposable {
  readonly #controller = new AbortController();
  readonly #stallMs: number;
  #timer: NodeJS.Timeout | undefined;
  /** Aborted by the stall, or by the outer signal. */
  readonly signal: AbortSignal;

  constructor(stallMs: number, outer: AbortSignal) {
    this.#stallMs = stallMs;
    this.signal = AbortSignal.any([outer, this.#controller.signal]);
  }

  /** From now on something must happen within the limit. */
  arm(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      const seconds = Math.round(this.#stallMs / 100) / 10;
      const error = new AppError('SOURCE_STALLED', `The server sent nothing for ${seconds} s`);
      this.#controller.abort(new UpstreamFailure('stalled', error));
    }, this.#stallMs);
  }

  /** We are not waiting for the server. */
  rest(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  [Symbol.dispose](): void {
    this.rest();
  }
}
