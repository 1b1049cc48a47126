// Who is at the other end of a request: the socket says it, and only a proxy we were told to trust may say otherwise.
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

/** Goes back through what each proxy appended, as far as proxies are trusted. */
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

/** What limits are counted by: an IPv4 address, or the network of 64 bits that one household or host has in IPv6. */
export function limitKey(address: string | undefined): string {
  const peer = plainIp(address ?? '') ?? 'unknown';
  if (!peer.includes(':')) return peer;
  const [head = '', tail = ''] = peer.split('::');
  const groups = head.split(':').filter((group) => group !== '');
  const missing = 8 - groups.length - tail.split(':').filter((group) => group !== '').length;
  return [...groups, ...new Array<string>(Math.max(0, missing)).fill('0')].slice(0, 4).join(':');
}
