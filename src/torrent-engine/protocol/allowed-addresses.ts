// Which addresses may be connected to: addresses from trackers, peers and magnets must not lead into this machine or its network.
import { isIP, isIPv6 } from 'node:net';
import { ipKind, plainIp } from '../../base/ip-address.ts';

export interface AddressRules {
  privatePeers: boolean;
  ipv6: boolean;
}

/** `host`: an IP address, not a name. `isLocalDiscovery`: the address was found by local discovery (BEP 14). */
export function isAllowedAddress(host: string, rules: AddressRules, isLocalDiscovery = false): boolean {
  const kind = ipKind(host);
  if (kind === undefined || kind === 'special') return false;
  if (!rules.ipv6 && isIPv6(plainIp(host) ?? '')) return false;
  return kind === 'public' || rules.privatePeers || (kind === 'private' && isLocalDiscovery);
}

/** For the URL of a tracker or web seed. A host name passes: its addresses are checked after the look-up. */
export function isAllowedUrl(text: string, protocols: readonly string[], rules: AddressRules): boolean {
  const url = URL.parse(text);
  // The library parses `udp://0x7f.1` like an http URL, which makes 127.0.0.1 of the host.
  const host = URL.parse(text.replace(/^[a-z]+:/iu, 'http:'))?.hostname.replaceAll(/[[\]]/gu, '');
  if (!url || host === undefined || !protocols.includes(url.protocol)) return false;
  return isIP(host) === 0
    ? rules.privatePeers || host !== 'localhost'
    : isAllowedAddress(host, { ...rules, ipv6: true });
}

/** The host of `1.2.3.4:80` or `[::1]:80`; undefined for any other text. */
export function hostOf(address: string): string | undefined {
  const match = /^(?:\[(?<six>[^\]]+)\]|(?<four>[^:]+)):\d{1,5}$/u.exec(address);
  return match?.groups?.['six'] ?? match?.groups?.['four'];
}
