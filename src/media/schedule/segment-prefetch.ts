// Copied segments made before they are asked for: at most one for each viewer and medium, given up for any other request of the viewer.
import type { ScheduledRendition } from '../plan/scheduled-rendition.ts';
import type { SegmentFlight } from './segment-flight.ts';

interface Ahead {
  flight: SegmentFlight;
  controller: AbortController;
}

export class SegmentPrefetch {
  readonly #delayMs: number;
  readonly #plans = new Map<string, NodeJS.Timeout>();
  readonly #aheads = new Map<string, Ahead>();

  /** @param delayMs how long it leaves the machine to what the viewer is being sent, and to the request of a viewer who seeks */
  constructor(delayMs: number) {
    this.#delayMs = delayMs;
  }

  /** A little later, waits in the viewer's place for what `start` begins then. */
  plan(viewer: string, medium: ScheduledRendition['medium'], start: () => SegmentFlight | undefined): void {
    this.stop(medium, viewer);
    const key = keyOf(medium, viewer);
    const begin = (): void => {
      this.#plans.delete(key);
      const flight = start();
      if (flight) this.#follow(viewer, flight);
    };
    this.#plans.set(key, setTimeout(begin, this.#delayMs).unref());
  }

  /** The viewer waits for `flight` now: what was made ahead for it elsewhere is not. */
  yieldTo(viewer: string, flight: SegmentFlight): void {
    const { medium } = flight.rendition;
    if (this.#aheads.get(keyOf(medium, viewer))?.flight !== flight) this.stop(medium, viewer);
  }

  stop(medium: ScheduledRendition['medium'], viewer: string): void {
    const key = keyOf(medium, viewer);
    clearTimeout(this.#plans.get(key));
    this.#plans.delete(key);
    this.#aheads.get(key)?.controller.abort();
    this.#aheads.delete(key);
  }

  #follow(viewer: string, flight: SegmentFlight): void {
    const { medium } = flight.rendition;
    const ahead = { flight, controller: new AbortController() };
    this.#aheads.set(keyOf(medium, viewer), ahead);
    void flight
      .wait({ viewer, order: 0 }, ahead.controller.signal)
      // Nobody asked for it: whoever does will hear of the failure.
      .catch(() => {})
      .finally(() => {
        if (this.#aheads.get(keyOf(medium, viewer)) === ahead) this.#aheads.delete(keyOf(medium, viewer));
      });
  }
}

function keyOf(medium: ScheduledRendition['medium'], viewer: string): string {
  return `${medium} ${viewer}`;
}
