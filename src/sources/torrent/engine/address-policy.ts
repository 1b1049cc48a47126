// Which addresses may be talked to: what strangers name (trackers, peers, magnets) must not lead into the machine or its network.
import { isIPv6 } from 'node:net';
import { ipKind, plainIp } from '../../../base/ip-address.ts';

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

/** `1.2.3.4:80` or `[::1]:80`; undefined when it is neither. */
export function hostOf(address: string): string | undefined {
  const match = /^(?:\[(?<six>[^\]]+)\]|(?<four>[^:]+)):\d{1,5}$/u.exec(address);
  return match?.groups?.['six'] ?? match?.groups?.['four'];
}
