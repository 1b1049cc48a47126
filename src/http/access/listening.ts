// Where the application listens, once it does.
import type { AddressInfo } from 'node:net';

import { isLoopbackIp } from '../../base/ip-address.ts';

export interface Listening {
  /** Undefined: not listening yet. */
  port: number | undefined;
  /** Whether only this machine can connect. */
  isLoopbackOnly: boolean;
}

export function listeningAt(addresses: (AddressInfo | string)[]): Listening {
  const sockets = addresses.filter((each) => typeof each === 'object');
  return { port: sockets[0]?.port, isLoopbackOnly: sockets.every(({ address }) => isLoopbackIp(address)) };
}

/** The same as a function to be called with every request: the result is kept once the port is known. */
export function listeningOf(addresses: () => (AddressInfo | string)[]): () => Listening {
  let known: Listening | undefined;
  return () => {
    const listening = known ?? listeningAt(addresses());
    if (listening.port !== undefined) known = listening;
    return listening;
  };
}
