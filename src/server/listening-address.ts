// The addresses of the server: where it listens, and its URLs for this machine and for devices of the network.
import type { AddressInfo } from 'node:net';
import { hasErrno } from '../base/errno.ts';

import { ipKind } from '../base/ip-address.ts';
import type { OwnAddress } from '../cast/cast-address.ts';
import { networkHost } from '../cast/cast-host.ts';
import type { Config } from '../config/config.ts';
import type { App } from '../http/schemas/app-type.ts';

/** Without a host the server listens on every address, of IPv6 and IPv4 if the machine has both. */
export async function listen(app: Pick<App, 'listen'>, { host, port }: Config['listen']): Promise<void> {
  if (host !== undefined) return void (await app.listen({ host, port }));
  try {
    await app.listen({ host: '::', port });
  } catch (error) {
    if (!hasErrno(error, 'EAFNOSUPPORT', 'EADDRNOTAVAIL')) throw error;
    await app.listen({ host: '0.0.0.0', port });
  }
}

export function ownAddress(listening: (AddressInfo | string)[], castHost: string | undefined): OwnAddress {
  const [first] = listening.filter((each) => typeof each === 'object');
  if (first === undefined) throw new TypeError('the server listens nowhere');
  return { bound: first.address, port: first.port, castHost };
}

/** `http://host:port` for this machine and for other devices; `network` is undefined when other devices cannot connect. */
export function ownUrls(
  listening: (AddressInfo | string)[],
  castHost: string | undefined,
): { url: string; network: string | undefined } {
  const { bound, port } = ownAddress(listening, castHost);
  const local = bound === '::' || bound === '0.0.0.0' ? '127.0.0.1' : bound;
  return {
    url: `http://${local.includes(':') ? `[${local}]` : local}:${port}`,
    network: networkUrl(castHost ?? networkHost(bound), port),
  };
}

function networkUrl(host: string | undefined, port: number): string | undefined {
  if (host === undefined) return undefined;
  const written = host.includes(':') && !host.startsWith('[') && ipKind(host) !== undefined ? `[${host}]` : host;
  return /:\d+$/u.test(written) ? `http://${written}` : `http://${written}:${port}`;
}
