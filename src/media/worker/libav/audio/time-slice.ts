// Synchronous work in short time slices, between which the process takes messages and works on other segments.
import { setImmediate as nextTurn } from 'node:timers/promises';

/** The longest time that other work of the process waits. */
const SLICE_MS = 5;

export class TimeSlice {
  #startMs = performance.now();

  get isOver(): boolean {
    return performance.now() - this.#startMs >= SLICE_MS;
  }

  async next(): Promise<void> {
    await nextTurn();
    this.#startMs = performance.now();
  }
}
