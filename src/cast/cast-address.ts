// The address of this server for a cast device.
import { isIPv6 } from 'node:net';

import { AppError } from '../base/app-error.ts';
import { isLoopbackIp, plainIp } from '../base/ip-address.ts';
import { facingAddress } from './facing-address.ts';

export interface OwnAddress {
  /** Address that the server is bound to; `0.0.0.0` or `::`: all addresses. */
  bound: string;
  port: number;
  /** RAFFI_CAST_HOST: host, or host and port. */
  castHost: string | undefined;
}

/**
 * `http://host:port` for a device at `deviceHost`: the configured host, else the local address that the routing table uses for the device.
 * @throws AppError NOT_ON_NETWORK when the device cannot reach this server
 */
export async function castAddress(deviceHost: string, { bound, port, castHost }: OwnAddress): Promise<string> {
  if (castHost !== undefined) return /:\d+$/u.test(castHost) ? `http://${castHost}` : `http://${castHost}:${port}`;
  const facing = await facingAddress(deviceHost);
  if (facing === undefined) throw new AppError('NOT_ON_NETWORK', 'There is no way to this device from here');
  if (isLoopbackIp(bound) && !isLoopbackIp(facing)) {
    throw new AppError('NOT_ON_NETWORK', 'The device cannot fetch films: this server only listens on this machine', {
      hint: `Start it with RAFFI_SERVER_ADDR=0.0.0.0:${port}`,
    });
  }
  const isBoundToAll = bound === '0.0.0.0' || bound === '::';
  const host = isBoundToAll ? (plainIp(facing) ?? facing) : bound;
  return `http://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}
