// How WebRTC peers are met. The library waits five seconds for the end of gathering, of which nobody tells it: now it is told.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const PEER = '@thaunknown/simple-peer/lite.js';

/** Before the first tracker is asked. @throws TypeError when the library is not what it was */
export async function mendWebRtc(): Promise<void> {
  const webtorrent = createRequire(import.meta.resolve('webtorrent'));
  const module: unknown = await import(pathToFileURL(webtorrent.resolve(PEER)).href);
  const prototype = memberOf(memberOf(module, 'default'), 'prototype');
  const changed = memberOf(prototype, '_onIceStateChange');
  const candidate = memberOf(prototype, '_onIceCandidate');
  if (!isObject(prototype) || typeof changed !== 'function' || typeof candidate !== 'function')
    throw new TypeError('WebRTC peers have no such functions any more');
  Reflect.set(prototype, '_onIceStateChange', function told(this: unknown): void {
    Reflect.apply(changed, this, []);
    const isGathered = memberOf(memberOf(this, '_pc'), 'iceGatheringState') === 'complete';
    if (isGathered) Reflect.apply(candidate, this, [{ candidate: null }]);
  });
}

function memberOf(value: unknown, name: string): unknown {
  return isObject(value) ? Reflect.get(value, name) : undefined;
}

function isObject(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}
