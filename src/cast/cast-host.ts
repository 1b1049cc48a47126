// The address under which devices of the network reach this machine.
import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os';

import { ipKind, isLoopbackIp } from '../base/ip-address.ts';

/** Networks that end on this machine: containers, virtual machines, tunnels. */
const VIRTUAL =
  /^(?:docker|br-|veth|virbr|vmnet|vboxnet|vethernet|tun|tap|wg|utun|zt|tailscale|podman|cni|flannel|lxc)|\bwsl\b|hyper-v|virtualbox/iu;

/** This machine's IPv4 address in the home network; undefined when it is in none. */
export function lanAddress(interfaces: Interfaces = networkInterfaces()): string | undefined {
  const candidates = Object.entries(interfaces).flatMap(([name, addresses = []]) =>
    addresses
      .filter(({ family, internal, address }) => family === 'IPv4' && !internal && ipKind(address) !== 'special')
      .map(({ address }) => ({ address, isVirtual: VIRTUAL.test(name), isPrivate: ipKind(address) === 'private' })),
  );
  const rank = (each: { isVirtual: boolean; isPrivate: boolean }) =>
    Number(each.isVirtual) * 2 + Number(!each.isPrivate);
  return candidates.toSorted((left, right) => rank(left) - rank(right))[0]?.address;
}

/** Under which address others reach a server bound to `bound`; undefined: under none. */
export function networkHost(bound: string): string | undefined {
  if (isLoopbackIp(bound)) return undefined;
  return bound === '0.0.0.0' || bound === '::' ? lanAddress() : bound;
}

export type Interfaces = Record<string, NetworkInterfaceInfo[] | undefined>;
