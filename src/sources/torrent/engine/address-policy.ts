// Which addresses may be talked to: what strangers name (trackers, peers, magnets) must not lead into the machine or its network.
import { BlockList, isIP } from 'node:net';

const LOCAL = new BlockList();
LOCAL.addSubnet('127.0.0.0', 8);
LOCAL.addSubnet('10.0.0.0', 8);
LOCAL.addSubnet('172.16.0.0', 12);
LOCAL.addSubnet('192.168.0.0', 16);
LOCAL.addSubnet('100.64.0.0', 10);
LOCAL.addSubnet('169.254.0.0', 16);
LOCAL.addSubnet('192.0.0.0', 24);
LOCAL.addSubnet('198.18.0.0', 15);
LOCAL.addAddress('::1', 'ipv6');
LOCAL.addSubnet('fc00::', 7, 'ipv6');
LOCAL.addSubnet('fe80::', 10, 'ipv6');
LOCAL.addSubnet('fec0::', 10, 'ipv6');
// IPv4 addresses in disguise.
LOCAL.addSubnet('::', 96, 'ipv6');
LOCAL.addSubnet('64:ff9b::', 96, 'ipv6');
LOCAL.addSubnet('2002::', 16, 'ipv6');

/** Nobody is there, or too many. */
const NEVER = new BlockList();
NEVER.addSubnet('0.0.0.0', 8);
NEVER.addSubnet('224.0.0.0', 3);
NEVER.addAddress('::', 'ipv6');
NEVER.addSubnet('ff00::', 8, 'ipv6');

export interface AddressRules {
  privatePeers: boolean;
  ipv6: boolean;
}

/** `host`: an address without brackets. `isLocalDiscovery`: it was found in the local network. */
export function isAllowedAddress(host: string, rules: AddressRules, isLocalDiscovery = false): boolean {
  const plain = host.replace(/^::ffff:(?=\d+\.)/iu, '');
  const family = isIP(plain);
  if (family === 0 || (family === 6 && !rules.ipv6)) return false;
  const type = family === 6 ? 'ipv6' : 'ipv4';
  if (NEVER.check(plain, type)) return false;
  return rules.privatePeers || isLocalDiscovery || !LOCAL.check(plain, type);
}

/** `1.2.3.4:80` or `[::1]:80`; undefined when it is neither. */
export function hostOf(address: string): string | undefined {
  const match = /^(?:\[(?<six>[^\]]+)\]|(?<four>[^:]+)):\d{1,5}$/u.exec(address);
  return match?.groups?.['six'] ?? match?.groups?.['four'];
}
