// The webtorrent client with the settings of the engine. Its own piece selection, store and HTTP server are not used.
import { isIPv6 } from 'node:net';
import WebTorrent, { type ClientOptions, type Dht } from 'webtorrent';
import { isLoopbackIp } from '../../base/ip-address.ts';
import type { TorrentSettings } from '../protocol/torrent-settings.ts';
import { isAllowedAddress } from '../protocol/allowed-addresses.ts';
import { guardBencode } from '../webtorrent/bencode-guard.ts';
import { readDhtContacts, type DhtContacts } from './dht-contacts.ts';
import { DhtSocket } from './dht-socket.ts';
import { DhtTable } from './dht-table.ts';
import { LocalDiscovery } from './local-discovery.ts';
import { PortMapping, type PortMappingOptions } from './port-mapping.ts';
import { bindUtpTo } from '../webtorrent/utp-host.ts';
import { patchWebRtc } from '../webtorrent/web-rtc.ts';

const SECURE = { off: 0, prefer: 1, require: 2 } as const;

export interface SwarmClientOptions {
  settings: TorrentSettings;
  /** The file of the routing table of the DHT; undefined: the table is not stored. */
  dhtFile: string | undefined;
  log: (line: string) => void;
}

interface DhtStart {
  kept: DhtContacts;
  /** Addresses of the nodes that the configuration names: allowed in every network. */
  chosen: Set<string>;
}

export class SwarmClient implements AsyncDisposable {
  readonly webtorrent: WebTorrent;
  readonly #dhtTable: DhtTable | undefined;
  readonly #localDiscovery: LocalDiscovery | undefined;
  readonly #portMapping: PortMapping | undefined;

  private constructor(webtorrent: WebTorrent, { kept, chosen }: DhtStart, options: SwarmClientOptions) {
    this.webtorrent = webtorrent;
    const { settings, dhtFile: path, log } = options;
    const { dhtBootstrap: bootstrap, listenHost, localDiscovery, portMapping } = settings;
    const { dht } = webtorrent;
    if (dht) {
      keepFromDht(webtorrent, dht);
      const onChosen = (address: string): unknown => chosen.add(address);
      this.#dhtTable = new DhtTable({ client: webtorrent, dht, bootstrap, onChosen, path, log, ...kept });
    }
    if (localDiscovery) this.#localDiscovery = new LocalDiscovery({ client: webtorrent, listenHost, log });
    if (portMapping && !isLoopbackIp(listenHost))
      this.#portMapping = new PortMapping({ ports: portsOf(webtorrent), log });
  }

  /** @throws the error of `listen` */
  static async open(options: SwarmClientOptions): Promise<SwarmClient> {
    const { settings, dhtFile, log } = options;
    guardBencode();
    if (settings.webRtc && WebTorrent.WEBRTC_SUPPORT) patchWebRtc((address) => isAllowedAddress(address, settings));
    const { listenHost } = settings;
    if (listenHost !== undefined && settings.utp && WebTorrent.UTP_SUPPORT) bindUtpTo(listenHost);
    const kept = readDhtContacts(settings.dht ? dhtFile : undefined);
    const chosen = new Set<string>();
    const webtorrent = new WebTorrent({
      ...clientOptions(settings),
      dht: settings.dht && { bootstrap: false, socket: dhtSocket(options, chosen) },
      ...(kept.id !== undefined && { nodeId: kept.id }),
    });
    await new Promise<void>((resolve, reject) => {
      webtorrent.once('listening', resolve);
      webtorrent.once('error', reject);
    });
    webtorrent.removeAllListeners('error');
    webtorrent.on('error', (error: Error) => log(`torrent client: ${error.message}`));
    return new SwarmClient(webtorrent, { kept, chosen }, options);
  }

  /** Stores the routing table for the next process. */
  save(): void {
    this.#dhtTable?.save();
  }

  /** Removes the port mappings at the router. */
  async closePorts(): Promise<void> {
    await this.#portMapping?.[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#dhtTable?.[Symbol.dispose]();
    this.#localDiscovery?.[Symbol.dispose]();
    await new Promise<void>((resolve) => this.webtorrent.destroy(() => resolve()));
  }
}

/** Configured transports that are not available: parts of webtorrent are native modules, which some platforms lack. */
export function missingTransports(settings: TorrentSettings): string[] {
  const missing: string[] = [];
  if (settings.utp && !WebTorrent.UTP_SUPPORT) missing.push('uTP');
  if (settings.webRtc && !WebTorrent.WEBRTC_SUPPORT) missing.push('WebRTC');
  return missing;
}

function portsOf({ torrentPort, utp, dht }: WebTorrent): PortMappingOptions['ports'] {
  const ports: { port: number; protocol: 'TCP' | 'UDP' }[] = [{ port: torrentPort, protocol: 'TCP' }];
  if (utp) ports.push({ port: torrentPort, protocol: 'UDP' });
  if (dht && dht.listening) ports.push({ port: dht.address().port, protocol: 'UDP' });
  return ports;
}

function dhtSocket({ settings, log }: SwarmClientOptions, chosen: ReadonlySet<string>): DhtSocket {
  const isAllowed = (address: string): boolean => chosen.has(address) || isAllowedAddress(address, settings);
  return new DhtSocket({ host: settings.listenHost, isAllowed, log });
}

/** Keeps private torrents out of the DHT (BEP 27), even if a torrent becomes private, or leaves, during the look-up of nodes. */
function keepFromDht(webtorrent: WebTorrent, dht: Dht): void {
  const announce = dht.announce.bind(dht);
  dht.announce = (infoHash, port, done) => {
    const hex = typeof infoHash === 'string' ? infoHash : Buffer.from(infoHash).toString('hex');
    const isPublic = webtorrent.torrents.some((torrent) => torrent.infoHash === hex && torrent.private !== true);
    if (isPublic) announce(infoHash, port, done);
    else done();
  };
}

function clientOptions(settings: TorrentSettings): Omit<ClientOptions, 'dht'> {
  const { listenHost, port } = settings;
  return {
    torrentPort: listenHost === undefined ? port : { port, host: listenHost },
    tracker: settings.trackers ? trackerOptions(settings) : false,
    // The local discovery of webtorrent confuses torrents, and fails them when its port is taken.
    lsd: false,
    utPex: settings.peerExchange,
    natUpnp: false,
    natPmp: false,
    // uTP of webtorrent supports IPv4 only.
    utp: settings.utp && !isIPv6(listenHost ?? ''),
    webSeeds: settings.webSeeds,
    secure: SECURE[settings.encryption],
    maxConns: settings.maxConnectionsPerTorrent,
    downloadLimit: settings.downloadLimit ?? -1,
    uploadLimit: settings.uploadLimit === undefined || settings.uploadLimit === 0 ? -1 : settings.uploadLimit,
  };
}

function trackerOptions({ webRtc, listenHost }: TorrentSettings): Exclude<ClientOptions['tracker'], false> {
  if (!webRtc) return { wrtc: false };
  // A client on loopback needs no STUN server to learn its own address.
  return listenHost === '127.0.0.1' || listenHost === '::1' ? { rtcConfig: { iceServers: [] } } : {};
}
