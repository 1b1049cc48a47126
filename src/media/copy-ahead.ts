// Copied segments made before they are asked for: at most one for each viewer and medium, given up for any other wish of the viewer.
import type { ScheduledRendition } from './scheduled-rendition.ts';
import type { SegmentFlight } from './segment-flight.ts';

interface Ahead {
  flight: SegmentFlight;
  controller: AbortController;
}

export class CopyAhead {
  readonly #aheads = new Map<string, Ahead>();

  /** Waits for the flight in the viewer's place. */
  follow(viewer: string, flight: SegmentFlight): void {
    const { medium } = flight.rendition;
    this.stop(medium, viewer);
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

  /** The viewer waits for `flight` now: what was made ahead for it elsewhere is not. */
  yieldTo(viewer: string, flight: SegmentFlight): void {
    const { medium } = flight.rendition;
    if (this.#aheads.get(keyOf(medium, viewer))?.flight !== flight) this.stop(medium, viewer);
  }

  stop(medium: ScheduledRendition['medium'], viewer: string): void {
    const key = keyOf(medium, viewer);
    this.#aheads.get(key)?.controller.abort();
    this.#aheads.delete(key);
  }
}

function keyOf(medium: ScheduledRendition['medium'], viewer: string): string {
  return `${medium} ${viewer}`;
}
