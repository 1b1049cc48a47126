// Local service discovery (BEP 14): announces the torrents in every network of this machine, and receives the announces of others.
import { createSocket, type Socket } from 'node:dgram';
import { randomBytes } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import type WebTorrent from 'webtorrent';
import type { Torrent } from 'webtorrent';

const GROUP = '239.192.152.143';
const PORT = 6771;
const EVERY_MS = 5 * 60_000;
/** Torrents that are added together are announced together. */
const SOON_MS = 100;
/** Keeps a message below the size of a packet. */
const MOST_HASHES = 20;
const MESSAGE = /^BT-SEARCH \* HTTP\/1\.1\r\n/u;
const FIELD = /^(?<name>[a-z]+): *(?<value>.*)$/iu;
const INFO_HASH = /^[0-9a-f]{40}$/iu;

export interface LocalDiscoveryOptions {
  client: WebTorrent;
  /** The address that peers connect to; undefined: every address. */
  listenHost: string | undefined;
  log: (line: string) => void;
}

/** A network without multicast causes a log line, and no failure of a torrent. */
export class LocalDiscovery implements Disposable {
  readonly #options: LocalDiscoveryOptions;
  readonly #cookie = randomBytes(8).toString('hex');
  readonly #socket: Socket;
  readonly #joined = new Set<string>();
  readonly #fresh = new Set<Torrent>();
  readonly #timer: NodeJS.Timeout;
  #soon: NodeJS.Timeout | undefined;

  constructor(options: LocalDiscoveryOptions) {
    this.#options = options;
    this.#socket = createSocket({ type: 'udp4', reuseAddr: true });
    this.#socket.on('error', (error) => options.log(`local discovery does not receive: ${error.message}`));
    this.#socket.on('message', (bytes, { address }) => this.#receive(bytes.toString('latin1'), address));
    this.#socket.bind(PORT, () => this.#join());
    this.#timer = setInterval(() => this.#announce(options.client.torrents), EVERY_MS);
    options.client.on('add', (torrent: Torrent) => torrent.once('infoHash', () => this.#announceSoon(torrent)));
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    clearTimeout(this.#soon);
    this.#socket.close();
  }

  #announceSoon(torrent: Torrent): void {
    this.#fresh.add(torrent);
    this.#soon ??= setTimeout(() => {
      this.#soon = undefined;
      this.#announce([...this.#fresh]);
      this.#fresh.clear();
    }, SOON_MS);
  }

  /** Private torrents are not announced (BEP 27). */
  #announce(torrents: readonly Torrent[]): void {
    this.#join();
    const hashes = torrents.filter((each) => !each.destroyed && each.private !== true).map((each) => each.infoHash);
    for (let at = 0; at < hashes.length; at += MOST_HASHES) {
      const text = this.#message(hashes.slice(at, at + MOST_HASHES));
      for (const address of this.#addresses()) sendFrom(address, text);
    }
  }

  #message(hashes: readonly string[]): string {
    const fields = [`Host: ${GROUP}:${PORT}`, `Port: ${this.#options.client.torrentPort}`];
    const lines = [...fields, ...hashes.map((hash) => `Infohash: ${hash}`), `cookie: ${this.#cookie}`];
    return `BT-SEARCH * HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n\r\n`;
  }

  #receive(text: string, host: string): void {
    if (!MESSAGE.test(text)) return;
    const fields = text.split('\r\n').map((line) => FIELD.exec(line)?.groups);
    const values = (name: string): string[] =>
      fields.filter((each) => each?.['name']?.toLowerCase() === name).map((each) => each?.['value'] ?? '');
    const [port = ''] = values('port');
    if (values('cookie').includes(this.#cookie) || !/^\d{1,5}$/u.test(port)) return;
    const hashes = new Set(
      values('infohash')
        .filter((each) => INFO_HASH.test(each))
        .map((each) => each.toLowerCase()),
    );
    for (const torrent of this.#options.client.torrents)
      if (hashes.has(torrent.infoHash) && !torrent.destroyed) torrent.addPeer(`${host}:${port}`, 'lsd');
  }

  /** Joins the multicast group in networks that were added since the last round. */
  #join(): void {
    const addresses = this.#addresses();
    for (const address of this.#joined) if (!addresses.includes(address)) this.#joined.delete(address);
    for (const address of addresses) {
      if (this.#joined.has(address)) continue;
      try {
        this.#socket.addMembership(GROUP, address);
        this.#joined.add(address);
      } catch {
        // The network has no multicast, or the socket is not bound yet: the next round tries again.
      }
    }
  }

  /** The IPv4 addresses of this machine at which peers of the local network can connect. */
  #addresses(): string[] {
    const { listenHost } = this.#options;
    return Object.values(networkInterfaces())
      .flatMap((each) => each ?? [])
      .filter(
        ({ family, internal, address }) => family === 'IPv4' && !internal && [undefined, address].includes(listenHost),
      )
      .map(({ address }) => address);
  }
}

function sendFrom(address: string, text: string): void {
  const socket = createSocket('udp4');
  socket.on('error', () => socket.close());
  socket.bind(0, address, () => {
    socket.setMulticastInterface(address);
    socket.send(text, PORT, GROUP, () => socket.close());
  });
}
