// Limits the number of connections to the server of one source; an idle connection is closed for a new one.
import { Semaphore } from '../../../base/semaphore.ts';

/** The holder of a connection. */
export interface SlotHolder {
  /** Since when the holder has been idle (performance.now()); undefined: it is working. */
  idleSince(): number | undefined;
  /** Asks the holder to close its connection soon; it may open another one later. Undefined: it keeps the connection. */
  drop?: () => void;
}

export interface Slot extends Disposable {
  readonly holder: SlotHolder;
}

/** A waiting `acquire` closes an idle connection at this interval, and at every `CHECKS`-th check the oldest connection. */
const CHECK_MS = 250;
const CHECKS = 8;

export class ConnectionSlots {
  readonly #permits: Semaphore;
  /** Oldest first. */
  readonly #slots = new Set<Slot>();

  constructor(max: number) {
    this.#permits = new Semaphore(max);
  }

  /** Sets the limit; open connections stay. */
  limit(max: number): void {
    this.#permits.permits = max;
  }

  get max(): number {
    return this.#permits.permits;
  }

  /** Waits for a slot, which is to be disposed when the connection is closed. Rejects with the signal's reason. */
  async acquire(holder: SlotHolder, signal: AbortSignal): Promise<Slot> {
    signal.throwIfAborted();
    const permit = this.#permits.tryAcquire() ?? (await this.#makeRoom(signal));
    const slot: Slot = {
      holder,
      [Symbol.dispose]: () => {
        this.#slots.delete(slot);
        permit[Symbol.dispose]();
      },
    };
    this.#slots.add(slot);
    return slot;
  }

  async #makeRoom(signal: AbortSignal): Promise<Disposable> {
    let checks = 0;
    this.#dropIdle();
    const timer = setInterval(() => {
      checks += 1;
      if (checks % CHECKS === 0) this.#dropOldest();
      else this.#dropIdle();
    }, CHECK_MS);
    try {
      return await this.#permits.acquire(signal);
    } finally {
      clearInterval(timer);
    }
  }

  #dropIdle(): void {
    let longest: SlotHolder | undefined;
    for (const { holder } of this.#slots) {
      const since = holder.drop === undefined ? undefined : holder.idleSince();
      if (since !== undefined && since < (longest?.idleSince() ?? Infinity)) longest = holder;
    }
    longest?.drop?.();
  }

  #dropOldest(): void {
    for (const { holder } of this.#slots) {
      if (holder.drop === undefined) continue;
      holder.drop();
      return;
    }
  }
}
