// The segment requests of one viewer that still wait. A seek ends the requests for segments outside the new position.
import { untilAborted } from '../base/until-aborted.ts';

/** `[start, end)` on the timeline, seconds. */
export interface SegmentSpan {
  start: number;
  end: number;
}

interface PendingRequest {
  span: SegmentSpan;
  stop: AbortController;
}

/** Requests for segments up to this far after a seek continue: the player is about to repeat them. */
const WANTED_AFTER_SEEK_SECONDS = 60;

export class PendingSegments {
  readonly #requests = new Set<PendingRequest>();

  get count(): number {
    return this.#requests.size;
  }

  /** Runs `work` with a signal that aborts when the caller aborts or the request is ended; rejects with the signal's reason. */
  async run<T>(span: SegmentSpan, signal: AbortSignal, work: (interest: AbortSignal) => Promise<T>): Promise<T> {
    const request = { span, stop: new AbortController() };
    const interest = AbortSignal.any([signal, request.stop.signal]);
    this.#requests.add(request);
    try {
      return await untilAborted(work(interest), interest);
    } finally {
      this.#requests.delete(request);
    }
  }

  /** Ends the requests for segments that a viewer at `seconds` does not need. */
  endOutside(seconds: number, reason: Error): void {
    for (const { span, stop } of this.#requests) {
      if (span.end <= seconds || span.start > seconds + WANTED_AFTER_SEEK_SECONDS) stop.abort(reason);
    }
  }

  endAll(reason: Error): void {
    for (const { stop } of this.#requests) stop.abort(reason);
  }
}
