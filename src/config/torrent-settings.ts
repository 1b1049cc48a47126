// The settings of torrents: what the engine may do in the network, and which resources of the machine it may use.
import { duration, isOn, listed, size, wholeNumber } from './setting-values.ts';
import { setting } from './settings.ts';

const ENCRYPTION = ['off', 'prefer', 'require'] as const;
const ON = { fallback: '1' };
const OFF = { fallback: '0' };

export const TORRENT_SETTINGS = {
  listenHost: setting('RAFFI_TORRENT_LISTEN', host, {
    fallback: '',
    shown: 'every address',
    meaning: 'Address at which peers reach the torrent engine',
  }),
  port: setting('RAFFI_TORRENT_PORT', port, { fallback: '0', meaning: 'Port for peers; `0`: any free one' }),
  trackers: setting('RAFFI_TORRENT_TRACKERS', isOn, { ...ON, meaning: 'Ask trackers for peers' }),
  dht: setting('RAFFI_TORRENT_DHT', isOn, { ...ON, meaning: 'Find peers by DHT' }),
  dhtBootstrap: setting('RAFFI_TORRENT_DHT_NODES', nodes, {
    fallback: '',
    shown: 'the usual ones',
    meaning: 'Bootstrap nodes of the DHT: `host:port`, separated by commas',
  }),
  peerExchange: setting('RAFFI_TORRENT_PEX', isOn, { ...ON, meaning: 'Ask peers for peers' }),
  localDiscovery: setting('RAFFI_TORRENT_LSD', isOn, { ...ON, meaning: 'Find peers in the local network' }),
  webSeeds: setting('RAFFI_TORRENT_WEB_SEEDS', isOn, { ...ON, meaning: 'Download from the web seeds of a torrent' }),
  webRtc: setting('RAFFI_TORRENT_WEBRTC', isOn, { ...ON, meaning: 'Peers that are web browsers' }),
  utp: setting('RAFFI_TORRENT_UTP', isOn, { ...ON, meaning: 'Connections by uTP, where it is available' }),
  tcp: setting('RAFFI_TORRENT_TCP', isOn, { ...ON, meaning: 'Connections to peers by TCP' }),
  ipv6: setting('RAFFI_TORRENT_IPV6', isOn, { ...ON, meaning: 'Peers with IPv6 addresses' }),
  portMapping: setting('RAFFI_TORRENT_PORT_MAPPING', isOn, {
    ...ON,
    meaning: 'Ask the router to let peers in (UPnP, NAT-PMP)',
  }),
  encryption: setting('RAFFI_TORRENT_ENCRYPTION', encryption, {
    fallback: 'prefer',
    meaning: `Encrypted connections to peers: ${ENCRYPTION.join(', ')}`,
  }),
  privatePeers: setting('RAFFI_TORRENT_PRIVATE_PEERS', isOn, {
    ...OFF,
    meaning:
      'Connect to loopback and private addresses from every origin; otherwise only to those found in the local network',
  }),
  maxConnectionsPerTorrent: setting('RAFFI_TORRENT_MAX_PEERS', wholeNumber, {
    fallback: '60',
    meaning: 'Peers of one torrent at a time',
  }),
  maxConnections: setting('RAFFI_TORRENT_MAX_CONNECTIONS', wholeNumber, {
    fallback: '200',
    meaning: 'Peers of all torrents at a time',
  }),
  uploadSlots: setting('RAFFI_TORRENT_UPLOAD_SLOTS', wholeNumber, {
    fallback: '8',
    meaning: 'Peers of one torrent that are unchoked at a time',
  }),
  downloadLimit: setting('RAFFI_TORRENT_DOWNLOAD_LIMIT', rate, {
    fallback: '',
    meaning: 'Maximal bytes per second from peers, such as `5MiB`',
  }),
  uploadLimit: setting('RAFFI_TORRENT_UPLOAD_LIMIT', rate, {
    fallback: '',
    meaning: 'Maximal bytes per second to peers; `0`: nothing is uploaded',
  }),
  seedRatio: setting('RAFFI_TORRENT_SEED_RATIO', ratio, {
    fallback: '1',
    meaning: 'Without a session a torrent is uploaded until as much was sent as received, times this',
  }),
  seedAfterMs: setting('RAFFI_TORRENT_SEED_TIME', duration, {
    fallback: '30m',
    meaning:
      'And no longer than this after its last session. A torrent whose last session is ended on request goes at once with its data, unless this is set to more than `0`',
  }),
  capBytes: setting('RAFFI_TORRENT_CACHE_SIZE', cap, {
    fallback: '',
    shown: 'a quarter of what is free, at most 20 GiB',
    meaning: 'How much disk all torrents may take; pieces that were watched are evicted first',
  }),
  minFreeBytes: setting('RAFFI_TORRENT_MIN_FREE', size, {
    fallback: '1GiB',
    meaning: 'How much of the disk torrents leave free',
  }),
  metadataLimitMs: setting('RAFFI_TORRENT_METADATA_LIMIT', duration, {
    fallback: '90s',
    meaning: 'How long peers may take to send the metadata of a torrent that was named by a magnet link or info hash',
  }),
  keepData: setting('RAFFI_KEEP', isOn, { ...OFF, meaning: 'Keep the data of torrents when the server ends' }),
};

function host(text: string): string | undefined {
  return text.trim() === '' ? undefined : text.trim();
}

function port(text: string): number {
  const number = Number(text);
  if (!/^\d{1,5}$/u.test(text.trim()) || number > 65_535) throw new Error('write a port, 0 to 65535');
  return number;
}

function nodes(text: string): string[] | undefined {
  const list = listed(text);
  for (const each of list) if (!/^.+:\d{1,5}$/u.test(each)) throw new Error(`"${each}" is not host:port`);
  return list.length === 0 ? undefined : list;
}

function encryption(text: string): (typeof ENCRYPTION)[number] {
  const found = ENCRYPTION.find((each) => each === text.trim().toLowerCase());
  if (found === undefined) throw new Error(`it must be one of ${ENCRYPTION.join(', ')}`);
  return found;
}

function rate(text: string): number | undefined {
  return text.trim() === '' ? undefined : size(text);
}

function cap(text: string): number | undefined {
  return text.trim() === '' ? undefined : size(text);
}

function ratio(text: string): number {
  if (!/^\d{1,4}(?:\.\d+)?$/u.test(text.trim())) throw new Error('write a number such as 1.5');
  return Number(text);
}
