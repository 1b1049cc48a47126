// Which addresses may be talked to: what strangers name (trackers, peers, magnets) must not lead into the machine or its network.
import { isIP, isIPv6 } from 'node:net';
import { ipKind, plainIp } from '../../base/ip-address.ts';

export interface AddressRules {
  privatePeers: boolean;
  ipv6: boolean;
}

/** `host`: an address, not a name. `isLocalDiscovery`: it was found in the local network. */
export function isAllowedAddress(host: string, rules: AddressRules, isLocalDiscovery = false): boolean {
  const kind = ipKind(host);
  if (kind === undefined || kind === 'special') return false;
  if (!rules.ipv6 && isIPv6(plainIp(host) ?? '')) return false;
  return kind === 'public' || rules.privatePeers || (kind === 'private' && isLocalDiscovery);
}

/** Of a tracker or web seed. A name passes: what it leads to is looked at when it is known. */
export function isAllowedUrl(text: string, protocols: readonly string[], rules: AddressRules): boolean {
  const url = URL.parse(text);
  // The library reads `udp://0x7f.1` as if it were http, which makes 127.0.0.1 of it.
  const host = URL.parse(text.replace(/^[a-z]+:/iu, 'http:'))?.hostname.replaceAll(/[[\]]/gu, '');
  if (!url || host === undefined || !protocols.includes(url.protocol)) return false;
  return isIP(host) === 0
    ? rules.privatePeers || host !== 'localhost'
    : isAllowedAddress(host, { ...rules, ipv6: true });
}

/** `1.2.3.4:80` or `[::1]:80`; undefined when it is neither. */
export function hostOf(address: string): string | undefined {
  const match = /^(?:\[(?<six>[^\]]+)\]|(?<four>[^:]+)):\d{1,5}$/u.exec(address);
  return match?.groups?.['six'] ?? match?.groups?.['four'];
}
