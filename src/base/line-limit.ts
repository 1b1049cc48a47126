// Limits log lines per second, by kind and in total, so that repeated causes do not fill the disk. Dropped lines are counted.

/** Number of dropped lines, by kind. */
export type LeftOut = Record<string, number>;

const WINDOW_MS = 1000;
const OTHERS = 'others';

export class LineLimit {
  readonly #options: { perKind: number; inAll: number; onLeftOut: (lines: LeftOut) => void };
  readonly #seen = new Map<string, number>();
  readonly #leftOut = new Map<string, number>();
  #admitted = 0;
  #isCounting = false;

  /** `onLeftOut` is called at the end of a second with dropped lines. */
  constructor(options: { perKind: number; inAll: number; onLeftOut: (lines: LeftOut) => void }) {
    this.#options = options;
  }

  /** Whether a line of this kind may be written now. */
  admits(kind: string): boolean {
    const { perKind, inAll } = this.#options;
    if (!this.#isCounting) setTimeout(() => this.#endWindow(), WINDOW_MS).unref();
    this.#isCounting = true;
    // The number of kinds is bounded, because every line may be of another kind.
    const known = this.#seen.has(kind) || this.#seen.size < inAll ? kind : OTHERS;
    const count = (this.#seen.get(known) ?? 0) + 1;
    this.#seen.set(known, count);
    const isAdmitted = count <= perKind && this.#admitted < inAll;
    if (isAdmitted) this.#admitted += 1;
    else this.#leftOut.set(known, (this.#leftOut.get(known) ?? 0) + 1);
    return isAdmitted;
  }

  #endWindow(): void {
    const lines = Object.fromEntries(this.#leftOut);
    this.#isCounting = false;
    this.#admitted = 0;
    this.#seen.clear();
    this.#leftOut.clear();
    if (Object.keys(lines).length > 0) this.#options.onLeftOut(lines);
  }
}
