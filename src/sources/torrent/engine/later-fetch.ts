// `fetch` of webtorrent's packages, for trackers and web seeds over HTTP: the package behind it is loaded when it is called first.

/** @param address of the package whose default export it is */
export function laterFetch(address: string): (...request: unknown[]) => Promise<unknown> {
  return async (...request) => {
    const loaded: unknown = await import(address);
    const real: unknown = typeof loaded === 'object' && loaded !== null ? Reflect.get(loaded, 'default') : undefined;
    if (typeof real !== 'function') throw new TypeError(`${address} exports no function`);
    const reply: unknown = await Reflect.apply(real, undefined, request);
    return reply;
  };
}
