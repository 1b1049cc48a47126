// The address at which devices of the network reach this machine.
import { networkInterfaces, type NetworkInterfaceInfo } from 'node:os';

import { ipKind, isLoopbackIp } from '../base/ip-address.ts';

/** Interfaces of virtual networks: containers, virtual machines, tunnels. */
const VIRTUAL =
  /^(?:docker|br-|veth|virbr|vmnet|vboxnet|vethernet|tun|tap|wg|utun|zt|tailscale|podman|cni|flannel|lxc)|\bwsl\b|hyper-v|virtualbox/iu;

/** This machine's IPv4 address in the home network; undefined without a home network. */
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

/** Address at which devices of the network reach a server bound to `bound`; undefined: the server is not reachable. */
export function networkHost(bound: string): string | undefined {
  if (isLoopbackIp(bound)) return undefined;
  return bound === '0.0.0.0' || bound === '::' ? lanAddress() : bound;
}

export type Interfaces = Record<string, NetworkInterfaceInfo[] | undefined>;
