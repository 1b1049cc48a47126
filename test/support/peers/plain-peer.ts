// A scripted BitTorrent peer: sends the given bytes, right or wrong, at the given speed, or nothing at all.
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

export interface PlainPeerOptions {
  infoHash: string;
  pieceBytes: number;
  /** Bytes that the peer claims to have; undefined: it claims to have all, and never replies to a request. */
  content: Uint8Array | undefined;
  sizeBytes: number;
  bytesPerSecond?: number;
  /** Announces the extension protocol in its handshake; extended handshakes are sent to such peers only. */
  knowsExtensions?: boolean;
}

const REQUEST = 6;
const INTERESTED = 2;
const EXTENDED = 20;

export class PlainPeer implements AsyncDisposable {
  readonly #options: PlainPeerOptions;
  readonly #server: Server | undefined;
  readonly #sockets = new Set<Socket>();
  /** Requested blocks. */
  requests = 0;
  /** Received extended handshakes (BEP 10), as Latin-1. */
  readonly extended: string[] = [];
  #freeAtMs = 0;

  private constructor(server: Server | undefined, options: PlainPeerOptions) {
    this.#server = server;
    this.#options = options;
    server?.on('connection', (socket) => this.#greet(socket));
  }

  /** Opens a connection itself, from its own address. */
  static dial(options: PlainPeerOptions, to: { port: number; from: string }): PlainPeer {
    const peer = new PlainPeer(undefined, options);
    peer.#greet(connect({ host: '127.0.0.1', port: to.port, localAddress: to.from }));
    return peer;
  }

  static async listen(options: PlainPeerOptions): Promise<PlainPeer> {
    const server = createServer();
    const peer = new PlainPeer(server, options);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return peer;
  }

  get address(): string {
    const address = this.#server?.address();
    return `127.0.0.1:${typeof address === 'object' ? address?.port : 0}`;
  }

  /** Number of open connections. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** Announces another peer on loopback to all connections (BEP 11). */
  tellOf({ port }: { port: number }): void {
    const id = Number(/6:ut_pexi(\d+)e/u.exec(this.extended[0] ?? '')?.[1]);
    const place = Buffer.from([127, 0, 0, 1, port >> 8, port & 255]);
    const peers = Buffer.concat([Buffer.from('d5:added6:'), place, Buffer.from('7:added.f1:\0e')]);
    for (const socket of this.#sockets) socket.write(message(EXTENDED, Buffer.concat([Buffer.from([id]), peers])));
  }

  /** Settles when all connections have ended. */
  async closed(): Promise<void> {
    for (const socket of this.#sockets) if (!socket.closed) await once(socket, 'close');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    if (this.#server) await new Promise((resolve) => this.#server?.close(resolve));
  }

  #greet(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
    const { infoHash, pieceBytes, sizeBytes, knowsExtensions = false } = this.#options;
    const hello = Buffer.concat([
      Buffer.from('\u0013BitTorrent protocol'),
      Buffer.from([0, 0, 0, 0, 0, knowsExtensions ? 0x10 : 0, 0, 0]),
      Buffer.from(infoHash, 'hex'),
    ]);
    socket.write(Buffer.concat([hello, Buffer.from('-XX0000-000000000000')]));
    const pieces = Math.ceil(sizeBytes / pieceBytes);
    const bitfield = Buffer.alloc(Math.ceil(pieces / 8));
    for (let piece = 0; piece < pieces; piece += 1)
      bitfield[piece >> 3] = (bitfield[piece >> 3] ?? 0) | (0x80 >> (piece & 7));
    socket.write(message(5, bitfield));
    let rest: Buffer = Buffer.alloc(0);
    let isGreeted = false;
    socket.on('data', (bytes: Buffer) => {
      rest = Buffer.concat([rest, bytes]);
      if (!isGreeted && rest.length >= 68) {
        isGreeted = true;
        rest = rest.subarray(68);
      }
      while (isGreeted && rest.length >= 4 && rest.length >= 4 + rest.readUInt32BE(0)) {
        const length = rest.readUInt32BE(0);
        if (length > 0) this.#hear(socket, rest.subarray(4, 4 + length));
        rest = rest.subarray(4 + length);
      }
    });
  }

  #hear(socket: Socket, body: Buffer): void {
    if (body[0] === INTERESTED) socket.write(message(1, Buffer.alloc(0)));
    if (body[0] === EXTENDED && body[1] === 0) this.extended.push(body.toString('latin1', 2));
    if (body[0] !== REQUEST) return;
    this.requests += 1;
    const { content, pieceBytes, bytesPerSecond = Infinity } = this.#options;
    if (!content) return;
    const start = body.readUInt32BE(1) * pieceBytes + body.readUInt32BE(5);
    const block = content.subarray(start, start + body.readUInt32BE(9));
    const now = performance.now();
    this.#freeAtMs = Math.max(this.#freeAtMs, now) + (block.length * 1000) / bytesPerSecond;
    const answer = message(7, Buffer.concat([body.subarray(1, 9), block]));
    setTimeout(() => socket.writable && socket.write(answer), this.#freeAtMs - now);
  }
}

function message(id: number, body: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.length + 1);
  head[4] = id;
  return Buffer.concat([head, body]);
}
