// Limits the number of concurrent responses for each key.
import { AppError } from '../../base/app-error.ts';

export class ConcurrencyLimit {
  readonly #most: number;
  readonly #taken = new Map<string, number>();

  constructor(most: number) {
    this.#most = most;
  }

  /** Takes a slot of `key`, which is released by its disposal. @throws AppError TOO_MANY with `refusal` */
  take(key: string, refusal: string): Disposable {
    const taken = this.#taken.get(key) ?? 0;
    if (taken >= this.#most) throw new AppError('TOO_MANY', refusal);
    this.#taken.set(key, taken + 1);
    return { [Symbol.dispose]: () => this.#release(key) };
  }

  #release(key: string): void {
    const left = (this.#taken.get(key) ?? 1) - 1;
    if (left > 0) this.#taken.set(key, left);
    else this.#taken.delete(key);
  }
}
