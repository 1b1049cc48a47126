// So many lines of one kind a second, and so many of all kinds: whoever causes them without end must not fill a disk. The others are counted.

/** Lines that were not written, by their kind. */
export type LeftOut = Record<string, number>;

const WINDOW_MS = 1000;
const OTHERS = 'others';

export class LineLimit {
  readonly #options: { perKind: number; inAll: number; onLeftOut: (lines: LeftOut) => void };
  readonly #seen = new Map<string, number>();
  readonly #leftOut = new Map<string, number>();
  #admitted = 0;
  #isCounting = false;

  /** `onLeftOut` is called at the end of a second in which there were too many. */
  constructor(options: { perKind: number; inAll: number; onLeftOut: (lines: LeftOut) => void }) {
    this.#options = options;
  }

  /** Whether a line of this kind may be written now. */
  admits(kind: string): boolean {
    const { perKind, inAll } = this.#options;
    if (!this.#isCounting) setTimeout(() => this.#endWindow(), WINDOW_MS).unref();
    this.#isCounting = true;
    // There may be as many kinds as lines.
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
