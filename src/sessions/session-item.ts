// The item of one session: opened on demand, once, and again after a failure, after a release, or when it is stale. The owner closes it.
import { untilAborted } from '../base/until-aborted.ts';
import type { ItemHandle, MediaItem } from '../presentation/media-item.ts';

export interface SessionItemOptions {
  open(signal: AbortSignal): Promise<ItemHandle>;
  /** The viewer in the session's segment requests. */
  viewer: string;
  /** How long a failure is repeated before the next attempt, after `failures` in a row. */
  coolDownMs(failures: number): number;
  /** Monotonic clock, milliseconds. */
  now(): number;
  onOpen(item: MediaItem): void;
  onFailure(error: unknown): void;
}

type State =
  | { name: 'idle' }
  | { name: 'opening'; work: Promise<MediaItem>; stop: AbortController }
  | { name: 'open'; handle: ItemHandle }
  | { name: 'failed'; error: unknown; retryAtMs: number };

export class SessionItem {
  readonly #options: SessionItemOptions;
  #state: State = { name: 'idle' };
  #failures = 0;
  #closed = false;

  constructor(options: SessionItemOptions) {
    this.#options = options;
  }

  get state(): State['name'] {
    return this.#state.name;
  }

  /** Why the last attempt failed, until another attempt begins. */
  get failure(): unknown {
    return this.#state.name === 'failed' ? this.#state.error : undefined;
  }

  /** Begins to open the item, unless it is open, opening, or failed less than `coolDownMs` ago. Never throws. */
  start(): void {
    this.#begin().catch(() => undefined);
  }

  /** The open item; waits while the item is being opened. @throws what opening threw */
  get(signal: AbortSignal): Promise<MediaItem> {
    return untilAborted(this.#begin(), signal);
  }

  /** Closes the item; the next request opens it again. */
  async release(): Promise<void> {
    const state = this.#state;
    this.#state = { name: 'idle' };
    if (state.name === 'opening') state.stop.abort();
    if (state.name === 'open') await this.#close(state.handle);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.release();
  }

  #begin(): Promise<MediaItem> {
    const state = this.#state;
    if (state.name === 'open') {
      if (!state.handle.isStale) return Promise.resolve(state.handle.item);
      // Other sessions may still hold the stale item; it closes with its last handle.
      this.#close(state.handle).catch((error: unknown) => this.#options.onFailure(error));
    }
    if (state.name === 'opening') return state.work;
    if (state.name === 'failed' && this.#options.now() < state.retryAtMs) return Promise.reject(state.error);
    const stop = new AbortController();
    const opening: State = { name: 'opening', stop, work: Promise.resolve().then(() => this.#open(stop)) };
    this.#state = opening;
    return opening.work;
  }

  async #open(stop: AbortController): Promise<MediaItem> {
    try {
      stop.signal.throwIfAborted();
      const handle = await this.#options.open(stop.signal);
      if (stop.signal.aborted || this.#closed) {
        await handle[Symbol.asyncDispose]();
        throw stop.signal.reason;
      }
      this.#failures = 0;
      this.#state = { name: 'open', handle };
      this.#options.onOpen(handle.item);
      return handle.item;
    } catch (error) {
      if (!stop.signal.aborted) this.#fail(error);
      throw error;
    }
  }

  async #close(handle: ItemHandle): Promise<void> {
    handle.item.releaseViewer(this.#options.viewer);
    await handle[Symbol.asyncDispose]();
  }

  #fail(error: unknown): void {
    this.#failures += 1;
    const retryAtMs = this.#options.now() + this.#options.coolDownMs(this.#failures);
    this.#state = { name: 'failed', error, retryAtMs };
    this.#options.onFailure(error);
  }
}
