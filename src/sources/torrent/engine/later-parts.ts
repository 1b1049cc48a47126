// What webtorrent gets instead of packages that the first film need not wait for: they are loaded when they are called.
import { setTimeout as delay } from 'node:timers/promises';

/** Peers can be called before any can call us. */
const PORT_MAPPING_AFTER_MS = 2000;

/** `fetch` of the package at an address, for trackers and web seeds over HTTP. */
export function laterFetch(address: string): (...request: unknown[]) => Promise<unknown> {
  return async (...request) => {
    const real = await defaultOf(address);
    const reply: unknown = await Reflect.apply(real, undefined, request);
    return reply;
  };
}

/** The class of the package at an address that asks routers to let peers in. */
export function laterPortMapping(address: string) {
  return class LaterPortMapping {
    readonly #options: unknown;
    readonly #ended = new AbortController();
    #real: Promise<object> | undefined;

    constructor(options: unknown) {
      this.#options = options;
    }

    async map(wish: unknown): Promise<unknown> {
      this.#real ??= this.#load();
      return call(await this.#real, 'map', [wish]);
    }

    async destroy(): Promise<unknown> {
      this.#ended.abort();
      const real = await this.#real?.catch(() => undefined);
      return real && call(real, 'destroy', []);
    }

    async #load(): Promise<object> {
      await delay(PORT_MAPPING_AFTER_MS, undefined, { signal: this.#ended.signal, ref: false });
      const made: unknown = Reflect.construct(await defaultOf(address), [this.#options]);
      if (typeof made !== 'object' || made === null) throw new TypeError(`${address} makes no object`);
      return made;
    }
  };
}

async function defaultOf(address: string): Promise<Function> {
  const loaded: unknown = await import(address);
  const found: unknown = typeof loaded === 'object' && loaded !== null ? Reflect.get(loaded, 'default') : undefined;
  if (typeof found !== 'function') throw new TypeError(`${address} exports no function`);
  return found;
}

function call(object: object, name: string, words: unknown[]): unknown {
  const method: unknown = Reflect.get(object, name);
  if (typeof method !== 'function') throw new TypeError(`there is no ${name}`);
  return Reflect.apply(method, object, words);
}
