// Maintains the routing table of the DHT: fills it from the last run or from well-known nodes, stores it, and announces torrents without peers again.
import { lookup } from 'node:dns/promises';
import type WebTorrent from 'webtorrent';
import type { Dht, Torrent } from 'webtorrent';
import { writeDhtContacts, type DhtContact } from './dht-contacts.ts';

const WELL_KNOWN = ['router.bittorrent.com:6881', 'router.utorrent.com:6881', 'dht.transmissionbt.com:6881'];
const FEW_NODES = 8;
const ROUND_MS = 2000;
/** Waits between two bootstraps, in rounds. */
const BOOTSTRAP_WAITS = [0, 2, 8, 15, 30];
/** When torrents without a peer are announced again, in rounds since the first one; the library announces every quarter of an hour. */
const ANNOUNCE_AGAIN = [2, 7, 15, 30, 60, 120];
const SAVE_EVERY = 30;

export interface DhtTableOptions {
  client: WebTorrent;
  dht: Dht;
  /** `host:port`; undefined: the well-known nodes. */
  bootstrap: readonly string[] | undefined;
  /** Called with the address of a node of `bootstrap`. */
  onChosen: (address: string) => void;
  contacts: readonly DhtContact[];
  /** The file of the table; undefined: the table is not stored. */
  path: string | undefined;
  log: (line: string) => void;
}

export class DhtTable implements Disposable {
  readonly #options: DhtTableOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #age = new WeakMap<Torrent, number>();
  #rounds = 0;
  #bootstraps = 0;
  #nextBootstrap = 0;
  #hasLogged = false;

  constructor(options: DhtTableOptions) {
    this.#options = options;
    const { dht, contacts } = options;
    for (const { id, host, port } of contacts) dht.addNode({ id: Buffer.from(id, 'hex'), host, port });
    dht.on('node', () => this.#found());
    if (dht.listening) this.#round();
    else dht.once('listening', () => this.#round());
    this.#timer = setInterval(() => this.#round(), ROUND_MS);
  }

  /** Stores the table and stops maintaining it. */
  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.save();
  }

  save(): void {
    const { dht, path, log } = this.#options;
    const nodes = dht.nodes.toArray();
    if (path === undefined || nodes.length === 0) return;
    const contacts = nodes.map(({ id, host, port }) => ({ id: Buffer.from(id).toString('hex'), host, port }));
    try {
      writeDhtContacts(path, { id: Buffer.from(dht.nodeId).toString('hex'), contacts });
    } catch (error) {
      if (!this.#hasLogged) log(`the routing table of the DHT could not be stored: ${String(error)}`);
      this.#hasLogged = true;
    }
  }

  #round(): void {
    const { dht } = this.#options;
    if (!dht.listening || dht.destroyed) return;
    this.#rounds += 1;
    if (dht.nodes.count() < FEW_NODES && this.#rounds >= this.#nextBootstrap) this.#bootstrap();
    if (this.#rounds % SAVE_EVERY === 0) this.save();
    for (const torrent of this.#withoutPeers()) {
      const age = (this.#age.get(torrent) ?? 0) + 1;
      this.#age.set(torrent, age);
      if (ANNOUNCE_AGAIN.includes(age)) this.#announce(torrent);
    }
  }

  #bootstrap(): void {
    this.#nextBootstrap =
      this.#rounds + (BOOTSTRAP_WAITS[Math.min(this.#bootstraps + 1, BOOTSTRAP_WAITS.length - 1)] ?? 0);
    this.#bootstraps += 1;
    if (this.#options.dht.nodes.count() > 0) this.#options.dht._bootstrap(true);
    for (const each of this.#options.bootstrap ?? WELL_KNOWN) void this.#addBootstrapNode(each);
  }

  /** The DHT uses IPv4. A failed look-up is tried again at the next bootstrap. */
  async #addBootstrapNode(place: string): Promise<void> {
    const colon = place.lastIndexOf(':');
    try {
      const { address } = await lookup(place.slice(0, colon), { family: 4 });
      const { dht, bootstrap, onChosen } = this.#options;
      if (dht.destroyed) return;
      if (bootstrap) onChosen(address);
      dht.addNode({ host: address, port: Number(place.slice(colon + 1)) });
    } catch {
      // The network may not be up yet.
    }
  }

  /** The first node makes it possible to find the others, and the peers of waiting torrents. */
  #found(): void {
    const { dht } = this.#options;
    if (dht.nodes.count() !== 1) return;
    dht._bootstrap(true);
    for (const torrent of this.#withoutPeers()) this.#announce(torrent);
  }

  /** Torrents without peers that may use the DHT, which private torrents may not (BEP 27). */
  #withoutPeers(): Torrent[] {
    const { torrents } = this.#options.client;
    return torrents.filter(({ destroyed, wires, discovery }) => !destroyed && wires.length === 0 && discovery?.dht);
  }

  #announce({ infoHash, discovery }: Torrent): void {
    if (!discovery || discovery._dhtAnnouncing) return;
    // Otherwise only the nodes found last time get the announce, and these may have been none.
    this.#options.dht._tables.remove(infoHash);
    discovery._dhtAnnounce();
  }
}
