// One torrent in webtorrent, which provides peers, discovery and uploads; the download decides which block is requested from which peer.
import type { AddOptions, Peer, Torrent, Wire } from 'webtorrent';
import type WebTorrent from 'webtorrent';
import { lookup } from 'node:dns/promises';
import { infoOnly } from './info-only.ts';
import type { TorrentSettings } from '../protocol/torrent-settings.ts';
import { hostOf, isAllowedUrl } from '../protocol/allowed-addresses.ts';
import { storeOver } from './block-store.ts';
import type { Download } from '../download/download.ts';
import { guardTracker } from '../webtorrent/guarded-tracker.ts';
import type { PeerLink } from '../download/peer-link.ts';
import { addressOf, PeerAdmission } from './peer-admission.ts';
import { WebSeeds, type WebSeedContents } from './web-seeds.ts';
import { WireLink } from './wire-link.ts';

export interface SwarmTorrentOptions {
  client: WebTorrent;
  settings: TorrentSettings;
  infoHash: string;
  metainfo: Uint8Array | undefined;
  /** Whether the torrent is private, as far as is known. */
  isPrivate: boolean;
  trackers: readonly string[];
  webSeeds: readonly string[];
  peers: readonly string[];
  /** Called with the bytes of a `.torrent` file whose info hash is right; nothing else in it has been checked. */
  onMetainfo: (metainfo: Uint8Array) => void;
  /** Called when webtorrent has ended the torrent with an error. */
  onFailed: (error: Error) => void;
  onWarning: (text: string) => void;
  /** Addresses that are never connected to again; bans are added. */
  banned: Set<string>;
  /** Reads bytes of a piece for requests of peers. */
  read: (piece: number, offset: number, length: number) => Uint8Array | undefined;
}

/** The warning of a DHT that has just started; it queries again as soon as it knows a node. */
const NO_DHT_NODES = 'No nodes to query';
const WEB_PROTOCOLS = ['http:', 'https:'];
const TRACKER_PROTOCOLS = [...WEB_PROTOCOLS, 'udp:', 'ws:', 'wss:'];

export interface SwarmContents extends WebSeedContents {
  download: Download;
}

export class SwarmTorrent implements AsyncDisposable {
  readonly #options: SwarmTorrentOptions;
  readonly #torrent: Torrent;
  readonly #links = new Map<Wire, WireLink>();
  readonly #admission: PeerAdmission;
  readonly #webSeeds: WebSeeds;
  #download: SwarmContents | undefined;
  #isScheduleDue = false;

  constructor(options: SwarmTorrentOptions) {
    this.#options = options;
    const { client, metainfo, infoHash, trackers, settings, read, isPrivate, banned } = options;
    const addOptions: AddOptions = {
      deselect: true,
      path: '/',
      announce: settings.trackers ? trackers.filter((url) => this.#isAllowedUrl(url, TRACKER_PROTOCOLS)) : [],
      urlList: [],
      store: storeOver({ read }),
      storeCacheSlots: 0,
      uploads: settings.uploadSlots,
      maxWebConns: 4,
    };
    this.#torrent = client.add(metainfo ? infoOnly(metainfo) : `magnet:?xt=urn:btih:${infoHash}`, addOptions);
    this.#webSeeds = new WebSeeds(this.#torrent, options.onWarning);
    this.addWebSeeds(options.webSeeds);
    this.#admission = new PeerAdmission({ torrent: this.#torrent, settings, isPrivate, banned });
    this.#replacePrivateMembers();
    this.#listen();
  }

  get wires(): readonly WireLink[] {
    return [...this.#links.values()];
  }

  get uploadedBytes(): number {
    return this.#torrent.uploaded;
  }

  get speeds(): { download: number; upload: number } {
    return { download: this.#torrent.downloadSpeed, upload: this.#torrent.uploadSpeed };
  }

  get peerCounts(): { peers: number; seeds: number } {
    const { wires } = this.#torrent;
    return { peers: wires.length, seeds: wires.filter(({ isSeeder }) => isSeeder === true).length };
  }

  /** Starts to request blocks from the peers. */
  attach(contents: SwarmContents): void {
    this.#download = contents;
    for (const wire of this.#torrent.wires) this.#link(wire);
    this.#webSeeds.attach(contents);
  }

  addTrackers(trackers: readonly string[]): void {
    const fresh = trackers.filter(
      (url) => !this.#torrent.announce.includes(url) && this.#isAllowedUrl(url, TRACKER_PROTOCOLS),
    );
    if (!this.#options.settings.trackers || fresh.length === 0) return;
    this.#torrent.announce.push(...fresh);
    if (this.#torrent.discovery) this.#rediscover();
  }

  /** Adds peers; host names are looked up first. */
  addPeers(peers: readonly string[]): void {
    const add = () => {
      for (const peer of peers) void this.#addNamedPeer(peer);
    };
    // webtorrent accepts no peers before it has parsed the info hash.
    if (this.#torrent.infoHash) add();
    else this.#torrent.once('infoHash', add);
  }

  addWebSeeds(urls: readonly string[]): void {
    if (!this.#options.settings.webSeeds || this.#torrent.destroyed) return;
    const allowed = urls.filter((url) => !this.#options.banned.has(url) && this.#isAllowedUrl(url, WEB_PROTOCOLS));
    this.#webSeeds.add(allowed);
  }

  /** Announces a verified piece to the peers. */
  have(piece: number): void {
    if (this.#torrent.destroyed || this.#torrent.bitfield.get(piece)) return;
    this.#torrent._markVerified(piece);
    for (const wire of this.#torrent.wires) wire.have(piece);
  }

  dontHave(piece: number): void {
    if (this.#torrent.destroyed || !this.#torrent.bitfield.get(piece)) return;
    this.#torrent._markUnverified(piece);
    for (const wire of this.#torrent.wires) wire.lt_donthave.donthave(piece);
  }

  /** Restricts the torrent to peers of its trackers (BEP 27), once the metainfo says so. */
  makePrivate(): void {
    if (this.#admission.isPrivate) return;
    this.#admission.isPrivate = true;
    if (this.#torrent.discovery) this.#rediscover();
  }

  /** Closes the wires over the limit, and drops ended wires, even if they emitted no event. */
  tick(): void {
    this.#admission.endSurplus();
    for (const [wire, link] of this.#links)
      if (wire.destroyed || !this.#torrent.wires.includes(wire)) this.#unlink(link);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const link of this.#links.values()) this.#unlink(link);
    if (this.#torrent.destroyed) return;
    await new Promise<void>((resolve) => this.#torrent.destroy({ destroyStore: false }, () => resolve()));
  }

  /** Replaces the private members of webtorrent that select and request pieces. */
  #replacePrivateMembers(): void {
    const torrent = this.#torrent;
    torrent._updateWire = () => false;
    torrent._update = () => this.#scheduleSoon();
    torrent._request = () => false;
    const startDiscovery = torrent._startDiscovery.bind(torrent);
    torrent._startDiscovery = () => {
      startDiscovery();
      // The timer only emits `noPeers`, which has no listeners, and leaks when discovery starts again.
      clearInterval(torrent._noPeersIntervalId);
      for (const tracker of torrent.discovery?.tracker?._trackers ?? []) guardTracker(tracker);
    };
  }

  #listen(): void {
    const torrent = this.#torrent;
    const { onFailed, onMetainfo, onWarning, metainfo, peers } = this.#options;
    torrent.on('error', (error: Error) => onFailed(error));
    torrent.on('warning', (warning: unknown) => {
      const text = warning instanceof Error ? warning.message : String(warning);
      if (text !== NO_DHT_NODES) onWarning(withoutPaths(text));
    });
    torrent.on('infoHash', () => this.addPeers(peers));
    torrent.on('wire', (wire: Wire) => this.#link(wire));
    torrent.on('metadata', () => {
      // The download knows what is on the disk; webtorrent would hash all of it.
      torrent._hasStartupBitfield = true;
      const bytes = metainfo ?? torrent.torrentFile;
      if (bytes) queueMicrotask(() => torrent.destroyed || onMetainfo(bytes));
    });
  }

  #scheduleSoon(): void {
    if (this.#isScheduleDue) return;
    this.#isScheduleDue = true;
    setImmediate(() => {
      this.#isScheduleDue = false;
      this.#download?.download.schedule();
    });
  }

  #link(wire: Wire): void {
    if (this.#admission.isRefused(wire)) return wire.destroy();
    if (!this.#download || this.#links.has(wire)) return;
    const { download, layout } = this.#download;
    const link = new WireLink({
      wire,
      key: this.#keyOf(wire),
      layout,
      received: (from: PeerLink, block, bytes) => download.received(from, block, bytes),
      refused: (from: PeerLink, block) => download.refused(from, block),
      ban: (bad, why) => this.#ban(bad, why),
    });
    this.#links.set(wire, link);
    download.addPeer(link);
    for (const event of ['close', 'finish', 'end']) wire.once(event, () => this.#unlink(link));
    this.#scheduleSoon();
  }

  #unlink(link: WireLink): void {
    if (!this.#links.delete(link.wire)) return;
    link.close();
    this.#download?.download.removePeer(link);
  }

  #keyOf(wire: Wire): string {
    return wire.remoteAddress === undefined ? (this.#peerOf(wire)?.id ?? wire.type) : addressOf(wire);
  }

  #peerOf(wire: Wire): Peer | undefined {
    for (const peer of this.#torrent._peers?.values() ?? []) if (peer.wire === wire) return peer;
    return undefined;
  }

  #ban(link: WireLink, why: string): void {
    this.#admission.ban(link.wire, link.key);
    this.#options.onWarning(`${link.key} is banned: ${why}`);
    const peer = this.#peerOf(link.wire);
    this.#unlink(link);
    if (peer) this.#torrent.removePeer(peer.id);
    else link.wire.destroy();
  }

  #isAllowedUrl(text: string, protocols: readonly string[]): boolean {
    return isAllowedUrl(text, protocols, this.#options.settings);
  }

  async #addNamedPeer(peer: string): Promise<void> {
    const host = hostOf(peer);
    if (host === undefined) return;
    const port = peer.slice(peer.lastIndexOf(':') + 1);
    try {
      const { address, family } = await lookup(host);
      if (this.#torrent.destroyed) return;
      this.#torrent.addPeer(family === 6 ? `[${address}]:${port}` : `${address}:${port}`, 'manual');
    } catch {
      this.#options.onWarning(`the peer ${host} has no address`);
    }
  }

  #rediscover(): void {
    this.#torrent.discovery?.destroy();
    this.#torrent.discovery = null;
    this.#torrent._startDiscovery();
  }
}

/** The path of a tracker URL may contain the passkey of a member. */
function withoutPaths(text: string): string {
  return text.replaceAll(/(?<place>\w+:\/\/[^\s/]+)\/\S*/gu, '$<place>');
}
