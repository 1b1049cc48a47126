// Decides which peers of one torrent may be connected: no banned peers, none from forbidden addresses or origins, and a limited number.
import type { Connection, Torrent, Wire } from 'webtorrent';
import { hostOf, isAllowedAddress } from '../protocol/allowed-addresses.ts';
import type { TorrentSettings } from '../protocol/torrent-settings.ts';

/** Origins of peers, as webtorrent names them, that BEP 27 forbids: connections made before the metainfo was known still use them. */
const NOT_FOR_PRIVATE = ['ut_pex', 'dht', 'lsd'];
/** Known peers from all origins together: each costs memory until connections to it have failed several times. */
const MOST_PEERS = 1000;
const MOST_ATTEMPTS_KEPT = 10_000;

export interface PeerAdmissionOptions {
  torrent: Torrent;
  settings: TorrentSettings;
  /** Whether the torrent is private, as far as is known. */
  isPrivate: boolean;
  /** Addresses that are never connected to again; `ban` adds to them. */
  banned: Set<string>;
}

export class PeerAdmission {
  /** BEP 27: only peers from the trackers are connected. */
  isPrivate: boolean;
  readonly #torrent: Torrent;
  readonly #settings: TorrentSettings;
  readonly #banned: Set<string>;
  /** Connection attempts by address, to try TCP and uTP in turn. */
  readonly #attempts = new Map<string, number>();

  /** Replaces the member of webtorrent that adds every new peer. */
  constructor({ torrent, settings, isPrivate, banned }: PeerAdmissionOptions) {
    this.#torrent = torrent;
    this.#settings = settings;
    this.isPrivate = isPrivate;
    this.#banned = banned;
    const addPeer = torrent._addPeer.bind(torrent);
    torrent._addPeer = (peer, type, source) => {
      if (typeof peer !== 'string') return this.#isRoomFor(peer) ? addPeer(peer, type, source) : null;
      const host = hostOf(peer);
      if (host === undefined || !this.#isAdmitted(peer, host, source)) return null;
      return addPeer(peer, this.#transportFor(peer, host), source);
    };
  }

  /** Whether a connection has to be closed. Incoming peers are checked only here. */
  isRefused(wire: Wire): boolean {
    if (wire.remoteAddress === undefined) return false;
    const isIncoming = wire.type.endsWith('Incoming');
    const rules = this.#settings;
    return (
      this.#banned.has(banKey(wire) ?? '') ||
      // The other side may have found this server by local discovery.
      (isIncoming && !isAllowedAddress(wire.remoteAddress, rules, rules.localDiscovery))
    );
  }

  /** `key` identifies a peer without an address. */
  ban(wire: Wire, key: string): void {
    this.#banned.add(banKey(wire) ?? key);
  }

  /** Closes connections over the limit, which webtorrent applies only when it connects: the peers that sent least, and of equals the latest. */
  endSurplus(): void {
    const wires = this.#torrent.wires.filter(({ type }) => type !== 'webSeed');
    const surplus = wires.length - (this.#torrent.client?.maxConns ?? 0);
    if (surplus <= 0) return;
    const worst = wires.toReversed().sort((one, other) => one.downloaded - other.downloaded);
    for (const wire of worst.slice(0, surplus)) wire.destroy();
  }

  /** As many WebRTC connections may wait for their handshake as may be open; webtorrent counts only outgoing ones. */
  #isRoomFor(connection: Connection): boolean {
    const { client, _peers: peers } = this.#torrent;
    const others = [...(peers?.values() ?? [])].filter(({ type }) => type === 'webrtc').length;
    const isRoom = this.#settings.webRtc && others < (client?.maxConns ?? 0);
    if (!isRoom) connection.destroy();
    return isRoom;
  }

  #isAdmitted(peer: string, host: string, source: string | undefined): boolean {
    if ((this.#torrent._peers?.size ?? 0) >= MOST_PEERS) return false;
    if (this.isPrivate && source !== undefined && NOT_FOR_PRIVATE.includes(source)) return false;
    const isBanned = this.#banned.has(peer) || this.#banned.has(host);
    return !isBanned && isAllowedAddress(host, this.#settings, source === 'lsd');
  }

  /** TCP first, then uTP and TCP in turn: a peer without uTP never answers to it. */
  #transportFor(peer: string, host: string): 'tcp' | 'utp' {
    const { tcp } = this.#settings;
    const hasUtp = this.#torrent.client?.utp === true && !host.includes(':');
    if (!hasUtp) return 'tcp';
    if (!tcp) return 'utp';
    const attempt = this.#attempts.get(peer) ?? 0;
    if (this.#attempts.size > MOST_ATTEMPTS_KEPT) this.#attempts.clear();
    this.#attempts.set(peer, attempt + 1);
    return attempt % 2 === 0 ? 'tcp' : 'utp';
  }
}

export function addressOf({ remoteAddress = '', remotePort = 0 }: Wire): string {
  return remoteAddress.includes(':') ? `[${remoteAddress}]:${remotePort}` : `${remoteAddress}:${remotePort}`;
}

/** The host, because an incoming peer reconnects from another port; with the port on loopback, where several peers share a host. */
function banKey(wire: Wire): string | undefined {
  const host = wire.remoteAddress?.replace(/^::ffff:(?=\d+\.)/iu, '');
  return host === '127.0.0.1' || host === '::1' ? addressOf(wire) : host;
}
