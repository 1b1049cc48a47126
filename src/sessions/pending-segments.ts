// The segments one viewer is waiting for. A seek ends the waits for places the viewer left.
import { untilAborted } from '../base/until-aborted.ts';

/** `[start, end)` on the timeline, seconds. */
export interface Place {
  start: number;
  end: number;
}

interface Wait {
  place: Place;
  stop: AbortController;
}

/** Segments up to this far after a seek are still wanted: the player is about to ask for them again. */
const WANTED_AFTER_SEEK_SECONDS = 60;

export class PendingSegments {
  readonly #waits = new Set<Wait>();

  get count(): number {
    return this.#waits.size;
  }

  /** Runs `work` with a signal that aborts when the caller leaves or the wait is ended; rejects with the reason then. */
  async run<T>(place: Place, signal: AbortSignal, work: (interest: AbortSignal) => Promise<T>): Promise<T> {
    const wait = { place, stop: new AbortController() };
    const interest = AbortSignal.any([signal, wait.stop.signal]);
    this.#waits.add(wait);
    try {
      return await untilAborted(work(interest), interest);
    } finally {
      this.#waits.delete(wait);
    }
  }

  /** Ends the waits for segments that a viewer who now watches `seconds` has no use for. */
  endOutside(seconds: number, reason: Error): void {
    for (const { place, stop } of this.#waits) {
      if (place.end <= seconds || place.start > seconds + WANTED_AFTER_SEEK_SECONDS) stop.abort(reason);
    }
  }

  endAll(reason: Error): void {
    for (const { stop } of this.#waits) stop.abort(reason);
  }
}
