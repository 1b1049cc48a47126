// Choices that are equal for equal seeds on every machine.

export class SeededChoices {
  #state: number;

  constructor(seed: number) {
    this.#state = (Math.imul(seed + 1, 2_654_435_761) ^ 0x9e3779b9) >>> 0 || 1;
    // Neighbouring seeds start with similar values.
    for (let turn = 0; turn < 8; turn += 1) this.#next();
  }

  /** @throws TypeError for an empty list */
  of<T>(items: readonly T[]): T {
    const item = items[this.#next() % items.length];
    if (item === undefined) throw new TypeError('nothing to choose from');
    return item;
  }

  /** True in one of `times` cases. */
  once(times: number): boolean {
    return this.#next() % times === 0;
  }

  /** xorshift32 (Marsaglia 2003) */
  #next(): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    this.#state >>>= 0;
    return this.#state;
  }
}
