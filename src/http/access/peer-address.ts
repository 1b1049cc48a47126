// The address of the caller of a request: that of the socket, or the one that a trusted proxy states.
import type { IncomingMessage } from 'node:http';

import { isInNetworks, plainIp } from '../../base/ip-address.ts';

/**
 * The caller's address. Behind trusted proxies it is the last entry of X-Forwarded-For that no trusted proxy wrote; undefined
 * when that entry is not an address.
 */
export function peerAddress(request: IncomingMessage, trustedProxies: readonly string[]): string | undefined {
  const socketAddress = plainIp(request.socket.remoteAddress ?? '');
  if (trustedProxies.length === 0) return socketAddress;
  const forwarded = [request.headers['x-forwarded-for'] ?? []].flat().join(',').split(',');
  return addressBehind(socketAddress, forwarded, trustedProxies);
}

/** Goes back through the entries of the proxies, as long as the previous address is a trusted proxy. */
export function addressBehind(
  socketAddress: string | undefined,
  forwarded: readonly string[],
  trustedProxies: readonly string[],
): string | undefined {
  let peer = socketAddress;
  for (const entry of forwarded.map((each) => each.trim()).toReversed()) {
    if (entry === '' || peer === undefined || !isInNetworks(peer, trustedProxies)) return peer;
    peer = plainIp(entry);
  }
  return peer;
}

/** The key of limits: an IPv4 address, or the /64 network of an IPv6 address, which one household or host has. */
export function limitKey(address: string | undefined): string {
  const peer = plainIp(address ?? '') ?? 'unknown';
  if (!peer.includes(':')) return peer;
  const [head = '', tail = ''] = peer.split('::');
  const groups = head.split(':').filter((group) => group !== '');
  const missing = 8 - groups.length - tail.split(':').filter((group) => group !== '').length;
  return [...groups, ...new Array<string>(Math.max(0, missing)).fill('0')].slice(0, 4).join(':');
}
