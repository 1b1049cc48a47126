// At most so many connections to the server of one source; the least useful one makes room.
import { Semaphore } from '../../../base/semaphore.ts';

/** Something that holds a connection. */
export interface SlotHolder {
  /** When it last had work to do (performance.now()); undefined: it is working now. */
  idleSince(): number | undefined;
  /** Asks it to close its connection soon; it may open another one later. Undefined: it is never asked. */
  drop?: () => void;
}

export interface Slot extends Disposable {
  readonly holder: SlotHolder;
}

/** Who waits looks for an idle connection to close every so often, and after some looks closes the oldest one. */
const LOOK_MS = 250;
const LOOKS = 8;

export class ConnectionSlots {
  readonly #permits: Semaphore;
  /** Oldest first. */
  readonly #slots = new Set<Slot>();

  constructor(max: number) {
    this.#permits = new Semaphore(max);
  }

  /** From now on there are at most so many; those that are open stay. */
  limit(max: number): void {
    this.#permits.permits = max;
  }

  get max(): number {
    return this.#permits.permits;
  }

  /** Waits for a place; dispose the slot when the connection is closed. Rejects with the signal's reason. */
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
    let looks = 0;
    this.#dropIdle();
    const timer = setInterval(() => {
      looks += 1;
      if (looks % LOOKS === 0) this.#dropOldest();
      else this.#dropIdle();
    }, LOOK_MS);
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
