// One request and its response: the head, then the body chunk by chunk in the memory that the connection is read into.
import type { Dispatcher } from 'undici';

import { ignore } from './notifier.ts';

/** Takes a chunk, which is valid only during the call: its memory is reused. False: enough. A promise: the next chunk waits for it. */
export type TakeChunk = (chunk: Uint8Array) => boolean | Promise<boolean>;

/** Must be received or destroyed. */
export interface ReplyBody {
  /**
   * Passes every chunk to `take`; resolves at the end of the body, or when `take` has enough. If the body continues then, its
   * connection is closed. To be called once.
   * @throws the error that ended the body early, or what `take` throws
   */
  receive(take: TakeChunk): Promise<void>;
  /** Closes the connection, unless the response is complete. */
  destroy(): void;
}

export interface ReplyHead {
  status: number;
  headers: Record<string, string | string[] | undefined>;
}

/** The value of the first header of that name (lower case). */
export function firstHeader(head: ReplyHead, name: string): string | undefined {
  return allHeaders(head, name)[0];
}

/** The values of all headers of that name (lower case), one for each line. */
export function allHeaders({ headers }: ReplyHead, name: string): string[] {
  const value = headers[name];
  return typeof value === 'string' ? [value] : (value ?? []);
}

/** The handler of undici's events of a request, in order: start, head, data, end; or an error at any time. */
export class Exchange implements Dispatcher.DispatchHandler, ReplyBody {
  readonly #signal: AbortSignal;
  readonly #head = Promise.withResolvers<ReplyHead>();
  readonly #ended = Promise.withResolvers<void>();
  #controller: Dispatcher.DispatchController | undefined;
  #take: TakeChunk = () => false;
  #isOver = false;

  /** The signal ends the exchange at any time, with its reason. */
  constructor(signal: AbortSignal) {
    this.#signal = signal;
    this.#head.promise.catch(ignore);
    this.#ended.promise.catch(ignore);
    if (signal.aborted) this.#onAbort();
    else signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Rejects with the signal's reason, or with the error that undici reports. */
  get head(): Promise<ReplyHead> {
    return this.#head.promise;
  }

  receive(take: TakeChunk): Promise<void> {
    this.#take = take;
    this.#controller?.resume();
    return this.#ended.promise;
  }

  destroy(): void {
    if (!this.#isOver) this.#fail(new DOMException('The answer is not wanted', 'AbortError'));
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#isOver) controller.abort(new Error('the request was given up'));
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: ReplyHead['headers']): void {
    if (status < 200) return;
    // Paused until `receive` is called.
    controller.pause();
    this.#head.resolve({ status, headers });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    // An error of `take` ends the request: undici passes it to `onResponseError`.
    const more = this.#take(chunk);
    if (more === true) return;
    if (more === false) return this.#enough();
    controller.pause();
    more.then((isMore) => (isMore ? controller.resume() : this.#enough())).catch((error: unknown) => this.#fail(error));
  }

  onResponseEnd(): void {
    this.#finish();
    // undici reuses the connection one turn of the event loop later: an earlier request would open another connection.
    setImmediate(() => this.#ended.resolve());
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(error);
  }

  readonly #onAbort = (): void => this.#fail(this.#signal.reason);

  /** Waits one microtask: after the last chunk the response ends in it, and the connection can be reused. */
  #enough(): void {
    queueMicrotask(() => {
      if (this.#isOver) return;
      this.#ended.resolve();
      this.destroy();
    });
  }

  #fail(reason: unknown): void {
    if (this.#isOver) return;
    this.#finish();
    this.#head.reject(reason);
    this.#ended.reject(reason);
    this.#controller?.abort(reason instanceof Error ? reason : new Error('aborted', { cause: reason }));
  }

  #finish(): void {
    this.#isOver = true;
    this.#signal.removeEventListener('abort', this.#onAbort);
  }
}
