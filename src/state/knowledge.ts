// A write-behind cache of what probes found about sources. When the store is slow or fails, sources are probed again; nothing else is lost.
import { OrderedWrites } from '../base/ordered-writes.ts';
import { untilAborted } from '../base/until-aborted.ts';
import type { KnowledgeStore } from './session-store.ts';

export class Knowledge {
  readonly #store: KnowledgeStore;
  readonly #writes = new OrderedWrites(() => undefined);
  /** Values that are being written: the store may still have the ones before. */
  readonly #fresh = new Map<string, { value: unknown }>();

  constructor(store: KnowledgeStore) {
    this.#store = store;
  }

  /** The latest value that was put; undefined when there is none, or the store fails. @throws the signal's reason */
  async get(sourceId: string, signal: AbortSignal): Promise<unknown> {
    const fresh = this.#fresh.get(sourceId);
    if (fresh !== undefined) return fresh.value;
    try {
      return await untilAborted(this.#store.get(sourceId), signal);
    } catch {
      signal.throwIfAborted();
      return undefined;
    }
  }

  /** Written in the background. */
  put(sourceId: string, value: unknown): void {
    const fresh = { value };
    this.#fresh.set(sourceId, fresh);
    this.#writes.add(sourceId, async () => {
      try {
        await this.#store.put(sourceId, value);
      } finally {
        if (this.#fresh.get(sourceId) === fresh) this.#fresh.delete(sourceId);
      }
    });
  }
}
