// At most so many answers of one kind at a time.
import { AppError } from '../../base/app-error.ts';

export class ConcurrencyLimit {
  readonly #most: number;
  readonly #taken = new Map<string, number>();

  constructor(most: number) {
    this.#most = most;
  }

  /** A place among those of `key`, given back when it is disposed. @throws AppError TOO_MANY with `refusal` */
  take(key: string, refusal: string): Disposable {
    const taken = this.#taken.get(key) ?? 0;
    if (taken >= this.#most) throw new AppError('TOO_MANY', refusal);
    this.#taken.set(key, taken + 1);
    return { [Symbol.dispose]: () => this.#giveBack(key) };
  }

  #giveBack(key: string): void {
    const left = (this.#taken.get(key) ?? 1) - 1;
    if (left > 0) this.#taken.set(key, left);
    else this.#taken.delete(key);
  }
}
