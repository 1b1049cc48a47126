// A tracker on loopback, one protocol at a time.
import { Server } from 'bittorrent-tracker';

export type TrackerProtocol = 'http' | 'udp' | 'ws';

export class Tracker implements AsyncDisposable {
  /** `http://127.0.0.1:40123/announce`, `udp://…`, `ws://…`. */
  readonly url: string;
  /** Info hashes that were announced, in order. */
  readonly announced: string[] = [];
  readonly #server: Server;

  private constructor(server: Server, url: string) {
    this.#server = server;
    this.url = url;
    for (const event of ['start', 'update', 'complete'])
      server.on(event, (_address: unknown, { info_hash: infoHash }: { info_hash: string }) => {
        this.announced.push(Buffer.from(infoHash, infoHash.length === 40 ? 'hex' : 'latin1').toString('hex'));
      });
    server.on('warning', () => undefined);
  }

  static async start(protocol: TrackerProtocol): Promise<Tracker> {
    const kinds = { http: protocol === 'http', udp: protocol === 'udp', ws: protocol === 'ws', stats: false };
    const server = new Server({ ...kinds, interval: 60_000 });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, '127.0.0.1', resolve);
    });
    server.on('error', () => undefined);
    const port = (protocol === 'udp' ? server.udp : server.http)?.address().port;
    return new Tracker(server, `${protocol}://127.0.0.1:${port}${protocol === 'ws' ? '' : '/announce'}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#server.close(resolve);
    });
  }
}
