// Maps the ports of this client at the router: with NAT-PMP, else UPnP. A separate thread contains the blocking calls, uncaught errors and requests
// of the library.
import { parentPort, workerData } from 'node:worker_threads';
import NatApi, { type PortToMap } from '@silentbot1/nat-api';
import { ipKind } from '../../base/ip-address.ts';
import { guardFetch } from '../webtorrent/guarded-fetch.ts';

const LIFE_SECONDS = 7200;
const RENEW_MS = (LIFE_SECONDS / 2) * 1000;
const PROTOCOLS = [
  { name: 'NAT-PMP', enablePMP: true, enableUPNP: false },
  { name: 'UPnP', enablePMP: false, enableUPNP: true },
];

interface Opened {
  name: string;
  api: NatApi;
}

const ports: PortToMap[] = portsOf(workerData);
let opened: Opened | undefined;
let isClosing = false;

// The response comes from a device of the local network, and may name any address as that of the router.
guardFetch((host) => ipKind(host) === 'private');
// The library has no error listeners on its sockets. A call that waits for such a socket fails after a second.
process.on('uncaughtException', () => undefined);
parentPort?.once('message', () => void close());
let working = renew();
const timer = setInterval(() => {
  working = renew();
}, RENEW_MS);

/** Renews the mappings at the known router, or at another one. Without a router the thread ends. */
async function renew(): Promise<void> {
  if (opened && (await mapAll(opened.api))) return;
  await unmap(opened);
  opened = undefined;
  for (const { name, ...enabled } of PROTOCOLS) {
    if (isClosing) return;
    const api = new NatApi({ ...enabled, ttl: LIFE_SECONDS, autoUpdate: false, description: 'Raffi' });
    rememberGateway(api);
    opened = { name, api };
    if (await mapAll(api)) break;
    await unmap(opened);
    opened = undefined;
  }
  parentPort?.postMessage(opened?.name, []);
  if (!opened) process.exit(0);
}

async function mapAll(api: NatApi): Promise<boolean> {
  for (const port of ports) if (isClosing || !(await api.map({ ...port }).catch(() => false))) return false;
  return true;
}

async function unmap(what: Opened | undefined): Promise<void> {
  await what?.api.destroy().catch(() => undefined);
}

async function close(): Promise<void> {
  isClosing = true;
  clearInterval(timer);
  await working;
  await unmap(opened);
  process.exit(0);
}

/** Caches the gateway, which the library otherwise searches for with every request. */
function rememberGateway(api: NatApi): void {
  const client: unknown = Reflect.get(api, '_upnpClient');
  if (typeof client !== 'object' || client === null) return;
  const find: unknown = Reflect.get(client, 'findGateway');
  if (typeof find !== 'function') throw new TypeError('UPnP does not look for routers as it did');
  let found: Promise<unknown> | undefined;
  Reflect.set(client, 'findGateway', () => (found ??= Promise.resolve(Reflect.apply(find, client, []))));
}

function portsOf(data: unknown): PortToMap[] {
  if (!Array.isArray(data)) throw new TypeError('no ports');
  return data.flatMap((each: unknown) => {
    if (typeof each !== 'object' || each === null || !('port' in each) || !('protocol' in each)) return [];
    const { port, protocol } = each;
    if (typeof port !== 'number' || (protocol !== 'TCP' && protocol !== 'UDP')) return [];
    return [{ publicPort: port, privatePort: port, protocol }];
  });
}
