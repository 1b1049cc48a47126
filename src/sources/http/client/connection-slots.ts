// At most so many connections to the server of one source; the least useful one makes room.
import { untilAborted } from '../../../base/until-aborted.ts';

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
  #max: number;
  /** Oldest first. */
  readonly #slots = new Set<Slot>();
  readonly #queue: PromiseWithResolvers<void>[] = [];

  constructor(max: number) {
    this.#max = max;
  }

  /** From now on there are at most so many; those that are open stay. */
  limit(max: number): void {
    this.#max = max;
    for (let free = max - this.#slots.size; free > 0 && this.#queue.length > 0; free -= 1) this.#wakeNext();
  }

  get max(): number {
    return this.#max;
  }

  /** Waits for a place; dispose the slot when the connection is closed. Rejects with the signal's reason. */
  async acquire(holder: SlotHolder, signal: AbortSignal): Promise<Slot> {
    signal.throwIfAborted();
    if (this.#slots.size >= this.#max) await this.#makeRoom(signal);
    const slot: Slot = { holder, [Symbol.dispose]: () => this.#release(slot) };
    this.#slots.add(slot);
    return slot;
  }

  async #makeRoom(signal: AbortSignal): Promise<void> {
    let looks = 0;
    this.#dropIdle();
    const timer = setInterval(() => {
      looks += 1;
      if (looks % LOOKS === 0) this.#dropOldest();
      else this.#dropIdle();
    }, LOOK_MS);
    try {
      while (this.#slots.size >= this.#max) await this.#turn(signal);
    } finally {
      clearInterval(timer);
    }
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const turn = Promise.withResolvers<void>();
    this.#queue.push(turn);
    try {
      await untilAborted(turn.promise, signal);
    } catch (error) {
      const place = this.#queue.indexOf(turn);
      if (place >= 0) this.#queue.splice(place, 1);
      else this.#wakeNext();
      throw error;
    }
  }

  #release(slot: Slot): void {
    if (this.#slots.delete(slot)) this.#wakeNext();
  }

  #wakeNext(): void {
    this.#queue.shift()?.resolve();
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
