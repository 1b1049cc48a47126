// An independent BitTorrent client that has all data: libtorrent in a separate process, which announces itself only as configured.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { ThrottledLink } from '../servers/throttled-link.ts';
import type { MadeTorrent } from './torrent-files.ts';

export interface SharedContent {
  torrent: MadeTorrent;
  /** All bytes of the torrent in order, or the path of a file with them. */
  content: Uint8Array | string;
}

export interface SeederOptions {
  /**
   * Speed of the connection to the seeder, over TCP and IPv4; default: unlimited. (libtorrent's own limits act in steps of half a second.)
   */
  bytesPerSecond?: number;
  /** Refuses unencrypted connections. */
  isEncrypted?: boolean;
  transport?: 'tcp' | 'utp';
  /** Default 127.0.0.1. */
  host?: string;
  /** Command prefix that selects the machine. */
  prefix?: readonly string[];
  /** Trackers that the seeder announces to. */
  trackers?: readonly string[];
  /** Runs a node of the DHT that bootstraps from these nodes, `host:port`. The node itself is at `address`. */
  dhtNodes?: readonly string[];
  isLocalDiscovery?: boolean;
  /** The seeder has no data and requests none, but is connected to these peers: `host:port`. */
  knows?: readonly string[];
}

const SCRIPT = fileURLToPath(new URL('./seeder.py', import.meta.url));
/** Debian's packages belong to Debian's Python. */
const PYTHON = existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3';

export class Seeder implements AsyncDisposable {
  /** `127.0.0.1:40123`, `[::1]:40123`: the form of a magnet's `x.pe`. */
  readonly address: string;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #reader: Interface;
  readonly #directory: string;
  readonly #link: ThrottledLink | undefined;

  private constructor(parts: {
    child: ChildProcess;
    reader: Interface;
    lines: AsyncIterator<string>;
    directory: string;
    link: ThrottledLink | undefined;
    address: string;
  }) {
    this.#child = parts.child;
    this.#reader = parts.reader;
    this.#lines = parts.lines;
    this.#directory = parts.directory;
    this.#link = parts.link;
    this.address = parts.address;
  }

  static async start(shared: readonly SharedContent[], options: SeederOptions = {}): Promise<Seeder> {
    const { bytesPerSecond = 0, isEncrypted = false, transport = 'tcp', host = '127.0.0.1', prefix = [] } = options;
    const { trackers, dhtNodes, isLocalDiscovery, knows } = options;
    const directory = await mkdtemp(join(tmpdir(), 'raffi-seeder-'));
    const torrents = await Promise.all(shared.map((each, index) => written(each, directory, index)));
    const ways = { isEncrypted, transport, trackers, dhtNodes, isLocalDiscovery, knows };
    const [command, ...words] = [...prefix, PYTHON, SCRIPT, JSON.stringify({ directory, host, torrents, ...ways })];
    const child = spawn(command, words, { stdio: ['pipe', 'pipe', 'inherit'] });
    const reader = createInterface({ input: child.stdout });
    const lines = reader[Symbol.asyncIterator]();
    const ownPort = await member(lines, 'port');
    const link = bytesPerSecond > 0 ? await ThrottledLink.start(ownPort, bytesPerSecond) : undefined;
    const port = link?.port ?? ownPort;
    const address = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
    return new Seeder({ child, reader, lines, directory, link, address });
  }

  /** Payload bytes sent so far, to all peers. */
  async sentBytes(): Promise<number> {
    this.#child.stdin?.write('\n');
    return member(this.#lines, 'sent');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, 'exit');
      this.#child.kill('SIGKILL');
      await ended;
    }
    await this.#link?.[Symbol.asyncDispose]();
    this.#reader.close();
    await rm(this.#directory, { recursive: true, force: true });
  }
}

async function written(
  { torrent, content }: SharedContent,
  directory: string,
  index: number,
): Promise<{ metainfo: string; content: string }> {
  const metainfo = join(directory, `${index}.torrent`);
  await writeFile(metainfo, torrent.metainfo);
  if (typeof content === 'string') return { metainfo, content };
  const path = join(directory, `${index}.content`);
  await writeFile(path, content);
  return { metainfo, content: path };
}

async function member(lines: AsyncIterator<string>, name: string): Promise<number> {
  const line = await lines.next();
  const said: unknown = line.done === true ? undefined : JSON.parse(line.value);
  if (typeof said === 'object' && said !== null && name in said) return Number(Reflect.get(said, name));
  throw new Error('the seeder ended; is python3-libtorrent installed?');
}
