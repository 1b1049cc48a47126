// A tracker on loopback, for one protocol.
import { once } from 'node:events';
import { createServer } from 'node:https';

import { Server, type WebSocket } from 'bittorrent-tracker';
import { generate } from 'selfsigned';

export type TrackerProtocol = 'http' | 'udp' | 'ws' | 'wss';

export class Tracker implements AsyncDisposable {
  /** `http://127.0.0.1:40123/announce`, `udp://…`, `ws://…`. */
  readonly url: string;
  /** PEM certificate of a TLS tracker, which clients must be told to trust. */
  readonly certificate: string | undefined;
  /** Announced info hashes, in order. */
  readonly announced: string[] = [];
  /** Sent to each WebSocket after it connects. */
  readonly says: string[] = [];
  /** Messages received over WebSockets, in order. */
  readonly heard: string[] = [];
  readonly #close: () => Promise<void>;

  private constructor(server: Server, parts: { url: string; certificate?: string; close: () => Promise<void> }) {
    this.url = parts.url;
    this.certificate = parts.certificate;
    this.#close = parts.close;
    for (const event of ['start', 'update', 'complete'])
      server.on(event, (_address: unknown, { info_hash: infoHash }: { info_hash: string }) => {
        this.announced.push(Buffer.from(infoHash, infoHash.length === 40 ? 'hex' : 'latin1').toString('hex'));
      });
    server.ws?.on('connection', (socket: WebSocket) => {
      socket.on('message', (text) => this.heard.push(String(text)));
      for (const text of this.says) socket.send(text);
    });
    for (const event of ['warning', 'error']) server.on(event, () => undefined);
  }

  static async start(protocol: TrackerProtocol): Promise<Tracker> {
    if (protocol === 'wss') return Tracker.#startSecure();
    const kinds = { http: protocol === 'http', udp: protocol === 'udp', ws: protocol === 'ws', stats: false };
    const server = new Server({ ...kinds, interval: 60_000 });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(0, { http: '127.0.0.1', udp: '127.0.0.1', udp6: '::1' }, resolve);
    });
    const port = (protocol === 'udp' ? server.udp : server.http)?.address().port;
    const url = `${protocol}://127.0.0.1:${port}${protocol === 'ws' ? '' : '/announce'}`;
    return new Tracker(server, { url, close: () => new Promise((resolve) => server.close(resolve)) });
  }

  static async #startSecure(): Promise<Tracker> {
    const subject = [{ name: 'commonName', value: '127.0.0.1' }];
    const altNames = [{ type: 7, ip: '127.0.0.1' }] as const;
    const made = await generate(subject, {
      keySize: 2048,
      extensions: [
        { name: 'basicConstraints', cA: true },
        { name: 'subjectAltName', altNames: [...altNames] },
      ],
    });
    const server = new Server({ http: false, udp: false, stats: false, ws: { noServer: true }, interval: 60_000 });
    const front = createServer({ key: made.private, cert: made.cert });
    front.on('upgrade', (request, socket, head) => {
      server.ws?.handleUpgrade(request, socket, head, (webSocket) => server.ws?.emit('connection', webSocket, request));
    });
    front.listen(0, '127.0.0.1');
    await once(front, 'listening');
    const address = front.address();
    const port = typeof address === 'object' ? address?.port : 0;
    const close = async (): Promise<void> => {
      front.closeAllConnections();
      await new Promise((resolve) => front.close(resolve));
    };
    return new Tracker(server, { url: `wss://127.0.0.1:${port}`, certificate: made.cert, close });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close();
  }
}
