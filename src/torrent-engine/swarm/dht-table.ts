// Keeps the DHT in touch: begins with the nodes of the last run or with well-known ones, asks again for torrents without peers, remembers.
import { lookup } from 'node:dns/promises';
import type WebTorrent from 'webtorrent';
import type { Dht, Torrent } from 'webtorrent';
import { writeDhtContacts, type DhtContact } from './dht-contacts.ts';

const WELL_KNOWN = ['router.bittorrent.com:6881', 'router.utorrent.com:6881', 'dht.transmissionbt.com:6881'];
const FEW_NODES = 8;
const LOOK_EVERY_MS = 2000;
/** Waits between two calls for help, in looks. */
const PATIENCE = [0, 2, 8, 15, 30];
/** When torrents without a peer are asked about again, in looks since they came; the library asks every quarter of an hour. */
const ASK_AGAIN = [2, 7, 15, 30, 60, 120];
const SAVE_EVERY = 30;

export interface DhtTableOptions {
  client: WebTorrent;
  dht: Dht;
  /** `host:port`; undefined: the well-known ones. */
  bootstrap: readonly string[] | undefined;
  /** An address that a node of `bootstrap` has. */
  onChosen: (address: string) => void;
  contacts: readonly DhtContact[];
  /** Where the table is kept; undefined: nowhere. */
  path: string | undefined;
  log: (line: string) => void;
}

export class DhtTable implements Disposable {
  readonly #options: DhtTableOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #age = new WeakMap<Torrent, number>();
  #looks = 0;
  #calls = 0;
  #nextCall = 0;
  #hasComplained = false;

  constructor(options: DhtTableOptions) {
    this.#options = options;
    const { dht, contacts } = options;
    for (const { id, host, port } of contacts) dht.addNode({ id: Buffer.from(id, 'hex'), host, port });
    dht.on('node', () => this.#found());
    if (dht.listening) this.#look();
    else dht.once('listening', () => this.#look());
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
  }

  /** Keeps what is known, and stops looking after it. */
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
      if (!this.#hasComplained) log(`the routing table of the DHT could not be kept: ${String(error)}`);
      this.#hasComplained = true;
    }
  }

  #look(): void {
    const { dht } = this.#options;
    if (!dht.listening || dht.destroyed) return;
    this.#looks += 1;
    if (dht.nodes.count() < FEW_NODES && this.#looks >= this.#nextCall) this.#callForHelp();
    if (this.#looks % SAVE_EVERY === 0) this.save();
    for (const torrent of this.#lonely()) {
      const age = (this.#age.get(torrent) ?? 0) + 1;
      this.#age.set(torrent, age);
      if (ASK_AGAIN.includes(age)) this.#ask(torrent);
    }
  }

  #callForHelp(): void {
    this.#nextCall = this.#looks + (PATIENCE[Math.min(this.#calls + 1, PATIENCE.length - 1)] ?? 0);
    this.#calls += 1;
    if (this.#options.dht.nodes.count() > 0) this.#options.dht._bootstrap(true);
    for (const each of this.#options.bootstrap ?? WELL_KNOWN) void this.#callAt(each);
  }

  /** The DHT speaks IPv4. A name that leads nowhere is tried again at the next call. */
  async #callAt(place: string): Promise<void> {
    const colon = place.lastIndexOf(':');
    try {
      const { address } = await lookup(place.slice(0, colon), { family: 4 });
      const { dht, bootstrap, onChosen } = this.#options;
      if (dht.destroyed) return;
      if (bootstrap) onChosen(address);
      dht.addNode({ host: address, port: Number(place.slice(colon + 1)) });
    } catch {
      // No network yet, perhaps.
    }
  }

  /** With the first nodes all others are found, and the peers of whoever waits. */
  #found(): void {
    const { dht } = this.#options;
    if (dht.nodes.count() !== 1) return;
    dht._bootstrap(true);
    for (const torrent of this.#lonely()) this.#ask(torrent);
  }

  /** For whom it may be asked: not for private ones (BEP 27). */
  #lonely(): Torrent[] {
    const { torrents } = this.#options.client;
    return torrents.filter(({ destroyed, wires, discovery }) => !destroyed && wires.length === 0 && discovery?.dht);
  }

  #ask({ infoHash, discovery }: Torrent): void {
    if (!discovery || discovery._dhtAnnouncing) return;
    // Or only the nodes that were found last time are told, which may have been none.
    this.#options.dht._tables.remove(infoHash);
    discovery._dhtAnnounce();
  }
}
