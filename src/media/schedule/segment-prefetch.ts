// Segments of short jobs made before they are requested: at most one for each viewer and medium, cancelled by any other request of the viewer.
import type { ScheduledRendition } from '../plan/scheduled-rendition.ts';
import type { SegmentFlight } from './segment-flight.ts';

interface Prefetch {
  flight: SegmentFlight;
  controller: AbortController;
}

export class SegmentPrefetch {
  readonly #delayMs: number;
  readonly #timers = new Map<string, NodeJS.Timeout>();
  readonly #running = new Map<string, Prefetch>();

  /** @param delayMs time before a prefetch starts: first the segment in delivery, or the request of a seek, gets the machine */
  constructor(delayMs: number) {
    this.#delayMs = delayMs;
  }

  /** After the delay, calls `start` and waits for its flight on behalf of the viewer. */
  plan(viewer: string, medium: ScheduledRendition['medium'], start: () => SegmentFlight | undefined): void {
    this.stop(medium, viewer);
    const key = keyOf(medium, viewer);
    const begin = (): void => {
      this.#timers.delete(key);
      const flight = start();
      if (flight) this.#follow(viewer, flight);
    };
    this.#timers.set(key, setTimeout(begin, this.#delayMs).unref());
  }

  /** The viewer waits for `flight` now: cancels its prefetch of any other segment. */
  yieldTo(viewer: string, flight: SegmentFlight): void {
    const { medium } = flight.rendition;
    if (this.#running.get(keyOf(medium, viewer))?.flight !== flight) this.stop(medium, viewer);
  }

  stop(medium: ScheduledRendition['medium'], viewer: string): void {
    const key = keyOf(medium, viewer);
    clearTimeout(this.#timers.get(key));
    this.#timers.delete(key);
    this.#running.get(key)?.controller.abort();
    this.#running.delete(key);
  }

  #follow(viewer: string, flight: SegmentFlight): void {
    const { medium } = flight.rendition;
    const prefetch = { flight, controller: new AbortController() };
    this.#running.set(keyOf(medium, viewer), prefetch);
    void flight
      .wait({ viewer, order: 0 }, prefetch.controller.signal)
      // No request waits for a prefetch; a later request gets the failure itself.
      .catch(() => {})
      .finally(() => {
        if (this.#running.get(keyOf(medium, viewer)) === prefetch) this.#running.delete(keyOf(medium, viewer));
      });
  }
}

function keyOf(medium: ScheduledRendition['medium'], viewer: string): string {
  return `${medium} ${viewer}`;
}
