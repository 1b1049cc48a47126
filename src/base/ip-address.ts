// The kind of network that an IP address belongs to, in any notation.
import { isIPv4 } from 'node:net';

import ipaddr from 'ipaddr.js';

/**
 * `loopback`: this machine; `private`: a home or company network (RFC 1918, RFC 6598, RFC 4193); `public`: the internet;
 * `special`: link-local, multicast, metadata services of clouds, and all other ranges that serve no files.
 */
export type IpKind = 'loopback' | 'private' | 'public' | 'special';

/** Metadata services with private addresses: AWS by IPv6, Alibaba, Oracle. */
const METADATA = new Set(['fd00:ec2::254', '100.100.100.200', '192.0.0.192']);

/** RFC 4291, 2.4: the assigned part of global unicast. */
const GLOBAL = ipaddr.IPv6.parse('2000::');

const KINDS = new Map<string, IpKind>([
  ['loopback', 'loopback'],
  ['private', 'private'],
  ['carrierGradeNat', 'private'],
  ['uniqueLocal', 'private'],
  ['unicast', 'public'],
]);

/** Kind of the address, without brackets and zone; undefined for any other text. IPv4 only in dotted decimal notation. */
export function ipKind(text: string): IpKind | undefined {
  const address = plainIp(text);
  if (address === undefined) return undefined;
  if (METADATA.has(address)) return 'special';
  const parsed = ipaddr.parse(address);
  const kind = KINDS.get(parsed.range()) ?? 'special';
  // Only this part of IPv6 is assigned; the rest embeds IPv4 addresses, or is unassigned.
  return kind === 'public' && parsed instanceof ipaddr.IPv6 && !parsed.match(GLOBAL, 3) ? 'special' : kind;
}

/** The normalized address: without brackets and zone, as IPv4 if IPv6 only embeds it (mapped, or NAT64). */
export function plainIp(text: string): string | undefined {
  const bare = text.replace(/^\[(?<inside>.*)\]$/u, '$<inside>').replace(/%[^%]*$/u, '');
  if (isIPv4(bare)) return bare;
  if (!ipaddr.IPv6.isValid(bare) || !bare.includes(':')) return undefined;
  const six = ipaddr.IPv6.parse(bare);
  if (six.isIPv4MappedAddress()) return six.toIPv4Address().toString();
  const isNat64 = six.range() === 'rfc6052';
  return isNat64 ? ipaddr.fromByteArray(six.toByteArray().slice(12)).toString() : six.toRFC5952String();
}

export function isLoopbackIp(text: string | undefined): boolean {
  return text !== undefined && ipKind(text) === 'loopback';
}

/** Whether `address` lies in one of `networks`: addresses, or networks like `10.0.0.0/8`. */
export function isInNetworks(address: string, networks: readonly string[]): boolean {
  const plain = plainIp(address);
  if (plain === undefined) return false;
  const parsed = ipaddr.parse(plain);
  return networks.some((network) => {
    const [base, bits] = parseNetwork(network);
    return base.kind() === parsed.kind() && parsed.match(base, bits);
  });
}

/** @throws Error unless the text is an address or a network. IPv4 only in dotted decimal notation: `010.0.0.1` is octal to some readers */
export function parseNetwork(text: string): [ipaddr.IPv4 | ipaddr.IPv6, number] {
  if (plainIp(text.split('/')[0] ?? '') === undefined) throw new Error(`"${text}" is not an address or a network`);
  if (text.includes('/')) return ipaddr.parseCIDR(text);
  const address = ipaddr.parse(plainIp(text) ?? text);
  return [address, address.kind() === 'ipv4' ? 32 : 128];
}
