// Presentation times of frames whose packets state decode times only: in the decoder's output order, the frames take these times one by one.

export class DisplayTimes {
  /** Decode times of packets not yet assigned to a frame, ascending. */
  #times: number[] = [];

  /** Notes a packet that was sent to the decoder. */
  sent(ticks: number): void {
    this.#times.push(ticks);
  }

  /** The time of the next output frame. `ownTicks`: the time of its packet. Undefined: no packet time is left. */
  next({ ownTicks, isKey }: { ownTicks: number; isKey: boolean }): number | undefined {
    // No frame decoded before a keyframe is presented after it: earlier times still left are of lost frames.
    if (isKey) this.#times = this.#times.filter((ticks) => ticks >= ownTicks);
    return this.#times.shift();
  }
}
