// `fetch` of webtorrent's packages, for trackers and web seeds over HTTP: the real package is loaded at the first call.
import { MIB } from '../../base/units.ts';

/** The size of 170,000 peers; a usual response has 50. */
const MOST_TRACKER_BYTES = MIB;

/** @param address URL of the package whose default export is `fetch` */
export function lazyFetch(address: string): (...request: unknown[]) => Promise<unknown> {
  return async (...request) => {
    const loaded: unknown = await import(address);
    const real: unknown = typeof loaded === 'object' && loaded !== null ? Reflect.get(loaded, 'default') : undefined;
    if (typeof real !== 'function') throw new TypeError(`${address} exports no function`);
    const reply: unknown = await Reflect.apply(real, undefined, request);
    return reply;
  };
}

/** The same for trackers; a response of more than 1 MiB, decompressed, is an error. */
export function lazyTrackerFetch(address: string): (...request: unknown[]) => Promise<unknown> {
  const fetch = lazyFetch(address);
  return async (...request) => {
    const reply = await fetch(...request);
    if (!(reply instanceof Response) || !reply.body) return reply;
    return new Response(reply.body.pipeThrough(atMost(MOST_TRACKER_BYTES)), reply);
  };
}

function atMost(mostBytes: number): TransformStream<Uint8Array, Uint8Array> {
  let bytes = 0;
  return new TransformStream({
    transform(chunk, controller) {
      bytes += chunk.length;
      if (bytes > mostBytes) throw new Error(`the answer of a tracker has more than ${mostBytes} bytes`);
      controller.enqueue(chunk);
    },
  });
}
