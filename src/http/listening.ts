// Where the application listens, once it does.
import type { AddressInfo } from 'node:net';

import { isLoopbackIp } from '../base/ip-address.ts';

export interface Listening {
  /** Undefined: nowhere yet. */
  port: number | undefined;
  /** Whether only this machine can connect. */
  isLoopbackOnly: boolean;
}

export function listeningAt(addresses: (AddressInfo | string)[]): Listening {
  const sockets = addresses.filter((each) => typeof each === 'object');
  return { port: sockets[0]?.port, isLoopbackOnly: sockets.every(({ address }) => isLoopbackIp(address)) };
}
