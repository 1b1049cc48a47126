// The stores of a server in memory, for several servers that share them; every answer may be slow, or a failure.
import type { CastTokenStore, StoredCastToken } from '../../../src/cast/cast-tokens.ts';
import type { KnowledgeStore, SessionRecord, SessionStore } from '../../../src/state/session-store.ts';

export interface Stores {
  sessions: SessionStore;
  knowledge: KnowledgeStore;
  castTokens: CastTokenStore;
}

export interface StoresOptions {
  owner: string;
  isAlive(owner: string): boolean;
}

export class MemoryState {
  readonly records = new Map<string, { owner: string; record: SessionRecord }>();
  readonly tokens = new Map<string, StoredCastToken>();
  readonly values = new Map<string, unknown>();
  /** What every call waits for before it does anything; it fails where that rejects. */
  before: (call: string) => Promise<void> = async () => undefined;

  stores({ owner, isAlive }: StoresOptions): Stores {
    return {
      sessions: this.#sessions(owner, isAlive),
      knowledge: this.#knowledge(),
      castTokens: this.#tokensOf(owner),
    };
  }

  #sessions(owner: string, isAlive: (owner: string) => boolean): SessionStore {
    return {
      takeOver: async () => {
        await this.before('sessions.takeOver');
        const free = [...this.records].filter(([, held]) => held.owner === owner || !isAlive(held.owner));
        for (const [id, { record }] of free) this.records.set(id, { owner, record });
        return free.map(([, { record }]) => structuredClone(record));
      },
      put: async (record) => {
        const copy = structuredClone(record);
        await this.before('sessions.put');
        this.records.set(record.id, { owner, record: copy });
      },
      delete: async (id) => {
        await this.before('sessions.delete');
        this.records.delete(id);
        for (const [hash, { sessionId }] of this.tokens) if (sessionId === id) this.tokens.delete(hash);
      },
    };
  }

  #knowledge(): KnowledgeStore {
    return {
      get: async (sourceId) => {
        await this.before('knowledge.get');
        return structuredClone(this.values.get(sourceId));
      },
      put: async (sourceId, value) => {
        const copy: unknown = structuredClone(value);
        await this.before('knowledge.put');
        this.values.set(sourceId, copy);
      },
    };
  }

  #tokensOf(owner: string): CastTokenStore {
    return {
      takeOver: async () => {
        await this.before('castTokens.takeOver');
        return [...this.tokens.values()].filter(({ sessionId }) => this.records.get(sessionId)?.owner === owner);
      },
      put: async (token) => {
        await this.before('castTokens.put');
        if (this.records.has(token.sessionId)) this.tokens.set(token.hash, token);
      },
      delete: async (hash) => {
        await this.before('castTokens.delete');
        this.tokens.delete(hash);
      },
    };
  }
}
