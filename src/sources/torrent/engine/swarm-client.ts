// webtorrent with our settings. Its own choice of pieces, store and HTTP server are not used.
import WebTorrent, { type ClientOptions } from 'webtorrent';
import type { TorrentSettings } from '../torrent-settings.ts';
import { guardBencode } from './bencode-guard.ts';

const SECURE = { off: 0, prefer: 1, require: 2 } as const;

/** @throws the error of `listen` */
export async function openSwarmClient(settings: TorrentSettings, onError: (error: Error) => void): Promise<WebTorrent> {
  guardBencode();
  const client = new WebTorrent(clientOptions(settings));
  await new Promise<void>((resolve, reject) => {
    client.once('listening', resolve);
    client.once('error', reject);
  });
  client.removeAllListeners('error');
  client.on('error', onError);
  return client;
}

export function closeSwarmClient(client: WebTorrent): Promise<void> {
  return new Promise((resolve) => client.destroy(() => resolve()));
}

/** What works here: parts of webtorrent are native, and not there on every platform. */
export function missingTransports(settings: TorrentSettings): string[] {
  const missing: string[] = [];
  if (settings.utp && !WebTorrent.UTP_SUPPORT) missing.push('uTP');
  if (settings.webRtc && !WebTorrent.WEBRTC_SUPPORT) missing.push('WebRTC');
  return missing;
}

function clientOptions(settings: TorrentSettings): ClientOptions {
  const { listenHost, port, dhtBootstrap } = settings;
  return {
    torrentPort: listenHost === undefined ? port : { port, host: listenHost },
    dht: settings.dht
      ? { ...(dhtBootstrap && { bootstrap: dhtBootstrap }), ...(listenHost !== undefined && { host: listenHost }) }
      : false,
    tracker: settings.trackers ? trackerOptions(settings) : false,
    lsd: settings.localDiscovery,
    utPex: settings.peerExchange,
    natUpnp: settings.portMapping,
    natPmp: settings.portMapping,
    utp: settings.utp,
    webSeeds: settings.webSeeds,
    secure: SECURE[settings.encryption],
    maxConns: settings.maxConnectionsPerTorrent,
    downloadLimit: settings.downloadLimit ?? -1,
    uploadLimit: settings.uploadLimit === undefined || settings.uploadLimit === 0 ? -1 : settings.uploadLimit,
  };
}

function trackerOptions({ webRtc, listenHost }: TorrentSettings): Exclude<ClientOptions['tracker'], false> {
  if (!webRtc) return { wrtc: false };
  // Who stays on this machine need not ask the world for its own address.
  return listenHost === '127.0.0.1' || listenHost === '::1' ? { rtcConfig: { iceServers: [] } } : {};
}
