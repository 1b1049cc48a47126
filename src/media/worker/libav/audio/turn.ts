// Synchronous work in short turns, between which the process takes messages and works on other segments.
import { setImmediate as nextTurn } from 'node:timers/promises';

/** The longest time that other work of the process waits. */
const TURN_MS = 5;

export class Turn {
  #startMs = performance.now();

  get isOver(): boolean {
    return performance.now() - this.#startMs >= TURN_MS;
  }

  async next(): Promise<void> {
    await nextTurn();
    this.#startMs = performance.now();
  }
}
