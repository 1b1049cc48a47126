// When pictures are shown whose packets only say when they are decoded: in the order in which the decoder gives them, one at each of those times.

export class DisplayTimes {
  /** Of packets whose turn has not come, ascending. */
  #times: number[] = [];

  /** A packet goes to the decoder. */
  sent(ticks: number): void {
    this.#times.push(ticks);
  }

  /** A picture came out. `ownTicks`: the time of its packet. Undefined: there was no packet for it. */
  next({ ownTicks, isKey }: { ownTicks: number; isKey: boolean }): number | undefined {
    // Nothing that is decoded before a keyframe is shown after it: what is left of that was lost.
    if (isKey) this.#times = this.#times.filter((ticks) => ticks >= ownTicks);
    return this.#times.shift();
  }
}
