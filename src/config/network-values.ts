// Values of settings that name hosts, networks and devices. Each parser throws an Error that says what a valid value looks like.
import { isIPv4 } from 'node:net';

import { parseNetwork } from '../base/ip-address.ts';
import { listed } from './setting-values.ts';

export interface ListenAddress {
  /** Undefined: every address of this machine. */
  host: string | undefined;
  port: number;
}

export interface NamedDevice {
  name: string;
  host: string;
  port: number;
}

export interface CastDiscovery {
  /** IPv4 address of the interface; undefined: every interface. */
  interface?: string;
}

export function listenAddress(text: string): ListenAddress {
  const match = /^(?:\[(?<six>[0-9a-f:.%a-z]+)\]|(?<host>[^\s:[\]/]*)):(?<port>\d{1,5})$/iu.exec(text.trim());
  const port = Number(match?.groups?.['port']);
  if (match === null || port > 65_535) throw new Error('write it as host:port, [address]:port or :port');
  const host = match.groups?.['six'] ?? match.groups?.['host'];
  return { host: host === '' ? undefined : host, port };
}

export function origins(text: string): string[] {
  const list = listed(text);
  for (const each of list) {
    if (URL.parse(each)?.origin !== each) throw new Error(`"${each}" is not an origin such as https://example.org`);
  }
  return list;
}

export function addresses(text: string): string[] {
  const list = listed(text);
  for (const each of list) {
    if (!/^https?:$/u.test(URL.parse(each)?.protocol ?? ''))
      throw new Error(`"${each}" is not an address such as https://example.org/list.json`);
  }
  return list;
}

export function hostNames(text: string): string[] {
  const list = listed(text.toLowerCase()).map((each) => each.replace(/^\[(?<six>.*)\]$/u, '$<six>'));
  for (const each of list) {
    if (!/^[a-z\d._-]+$|^[\da-f:.]+$/u.test(each)) throw new Error(`"${each}" is not a name such as nas.example.org`);
  }
  return list;
}

export function networks(text: string): string[] {
  const list = listed(text);
  for (const each of list) {
    try {
      parseNetwork(each);
    } catch (cause) {
      throw new Error(`"${each}" is neither an address nor a network such as 10.0.0.0/8`, { cause });
    }
  }
  return list;
}

export function castHost(text: string): string | undefined {
  if (text.trim() === '') return undefined;
  const match = /^(?:[a-z\d._-]+|\[[\da-f:.]+\])(?::(?<port>\d{1,5}))?$/iu.exec(text.trim());
  const { port } = match?.groups ?? {};
  if (match === null || (port !== undefined && !isPort(port))) throw new Error('write it as host or host:port');
  return text.trim();
}

const CAST_PORT = 8009;

export function castDevices(text: string): NamedDevice[] {
  return listed(text).map((each) => {
    const match =
      /^(?<name>[^@]*[^@\s][^@]*)@(?:\[(?<six>[0-9a-f:.]+)\]|(?<host>[^\s:[\]/@]+))(?::(?<port>\d{1,5}))?$/iu.exec(
        each,
      );
    const { name = '', six, host = '', port = CAST_PORT } = match?.groups ?? {};
    if (match === null || !isPort(port)) throw new Error(`"${each}" is not a device such as Living room@192.168.1.20`);
    return { name: name.trim(), host: six ?? host, port: Number(port) };
  });
}

export function castDiscovery(text: string): CastDiscovery | undefined {
  const choice = text.trim().toLowerCase();
  if (choice === 'off') return undefined;
  if (choice === 'on') return {};
  if (isIPv4(choice)) return { interface: choice };
  throw new Error('write on, off or the IPv4 address of an interface');
}

function isPort(port: string | number): boolean {
  return Number(port) > 0 && Number(port) < 65_536;
}
