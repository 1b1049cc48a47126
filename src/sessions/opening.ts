// The open playable of one session: opened once, on demand, again after a failure or a release; closed by its owner.
import { untilAborted } from '../base/until-aborted.ts';
import { isStale, type Playable } from '../presentation/playable.ts';

export interface OpeningOptions {
  open(signal: AbortSignal): Promise<Playable>;
  /** How long a failure is repeated before another try is made, after `failures` of them in a row. */
  coolDownMs(failures: number): number;
  /** Monotonic clock, milliseconds. */
  now(): number;
  onOpen(playable: Playable): void;
  onFailure(error: unknown): void;
}

type State =
  | { name: 'idle' }
  | { name: 'opening'; work: Promise<Playable>; stop: AbortController }
  | { name: 'open'; playable: Playable }
  | { name: 'failed'; error: unknown; retryAtMs: number };

export class Opening {
  readonly #options: OpeningOptions;
  #state: State = { name: 'idle' };
  #failures = 0;
  #closed = false;

  constructor(options: OpeningOptions) {
    this.#options = options;
  }

  get state(): State['name'] {
    return this.#state.name;
  }

  /** Why the last try failed, until another one succeeds or is under way. */
  get failure(): unknown {
    return this.#state.name === 'failed' ? this.#state.error : undefined;
  }

  /** Begins to open, unless that is done, under way, or failed too short a time ago. Never throws. */
  start(): void {
    this.#begin().catch(() => undefined);
  }

  /** The playable; waits while it is being opened. @throws what opening threw */
  playable(signal: AbortSignal): Promise<Playable> {
    return untilAborted(this.#begin(), signal);
  }

  /** Closes the playable; the next wish opens it again. */
  async release(): Promise<void> {
    const state = this.#state;
    this.#state = { name: 'idle' };
    if (state.name === 'opening') state.stop.abort();
    if (state.name === 'open') await state.playable[Symbol.asyncDispose]();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.release();
  }

  #begin(): Promise<Playable> {
    const state = this.#state;
    if (state.name === 'open') {
      if (!isStale(state.playable)) return Promise.resolve(state.playable);
      // Others may still use it; it closes when they let go.
      Promise.resolve(state.playable[Symbol.asyncDispose]()).catch((error: unknown) => this.#options.onFailure(error));
    }
    if (state.name === 'opening') return state.work;
    if (state.name === 'failed' && this.#options.now() < state.retryAtMs) return Promise.reject(state.error);
    const stop = new AbortController();
    const opening: State = { name: 'opening', stop, work: Promise.resolve().then(() => this.#open(stop)) };
    this.#state = opening;
    return opening.work;
  }

  async #open(stop: AbortController): Promise<Playable> {
    try {
      stop.signal.throwIfAborted();
      const playable = await this.#options.open(stop.signal);
      if (stop.signal.aborted || this.#closed) {
        await playable[Symbol.asyncDispose]();
        throw stop.signal.reason;
      }
      this.#failures = 0;
      this.#state = { name: 'open', playable };
      this.#options.onOpen(playable);
      return playable;
    } catch (error) {
      if (!stop.signal.aborted) this.#fail(error);
      throw error;
    }
  }

  #fail(error: unknown): void {
    this.#failures += 1;
    const retryAtMs = this.#options.now() + this.#options.coolDownMs(this.#failures);
    this.#state = { name: 'failed', error, retryAtMs };
    this.#options.onFailure(error);
  }
}
