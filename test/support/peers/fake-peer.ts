// A peer that claims to have a whole torrent, and replies to requests rightly, wrongly, or not at all (BEP 3).
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';

import type { MadeTorrent } from './torrent-files.ts';

export interface FakePeerOptions {
  torrent: MadeTorrent;
  /** All bytes of the torrent, in order. */
  content: Uint8Array;
  pieceBytes: number;
  /** `corrupt`: replies with other bytes. `mute`: unchokes and never replies to requests. */
  behaviour: 'good' | 'corrupt' | 'mute';
  /** Bans are by address, so bad peers need an address of their own. Default 127.0.0.2. */
  host?: string;
}

const PROTOCOL = Buffer.from('\u0013BitTorrent protocol', 'latin1');
const HANDSHAKE_BYTES = 68;
const MESSAGE = { unchoke: 1, interested: 2, bitfield: 5, request: 6, piece: 7 } as const;

export class FakePeer implements AsyncDisposable {
  readonly address: string;
  /** Connections so far, and requested blocks. */
  connections = 0;
  requests = 0;
  behaviour: FakePeerOptions['behaviour'];
  readonly #options: FakePeerOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, address: string, options: FakePeerOptions) {
    this.#server = server;
    this.#options = options;
    this.address = address;
    this.behaviour = options.behaviour;
    server.on('connection', (socket) => this.#serve(socket));
  }

  static async start(options: FakePeerOptions): Promise<FakePeer> {
    const host = options.host ?? '127.0.0.2';
    const server = createServer();
    server.listen(0, host);
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new TypeError('no port');
    return new FakePeer(server, `${host}:${address.port}`, options);
  }

  get openConnections(): number {
    return this.#sockets.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #serve(socket: Socket): void {
    this.connections += 1;
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('error', () => undefined);
    let pending = Buffer.alloc(0);
    let greeted = false;
    socket.on('data', (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      if (!greeted) {
        if (pending.length < HANDSHAKE_BYTES) return;
        if (!pending.subarray(0, PROTOCOL.length).equals(PROTOCOL)) return void socket.destroy();
        greeted = true;
        pending = pending.subarray(HANDSHAKE_BYTES);
        this.#greet(socket);
      }
      for (let message = next(pending); message !== undefined; message = next(pending)) {
        pending = pending.subarray(4 + message.length);
        this.#answer(socket, message);
      }
    });
  }

  #greet(socket: Socket): void {
    const { torrent, content, pieceBytes } = this.#options;
    const id = Buffer.alloc(20, '-XX0001-');
    socket.write(Buffer.concat([PROTOCOL, Buffer.alloc(8), Buffer.from(torrent.infoHash, 'hex'), id]));
    const pieces = Math.ceil(content.length / pieceBytes);
    const bitfield = Buffer.alloc(Math.ceil(pieces / 8));
    for (let piece = 0; piece < pieces; piece += 1)
      bitfield[piece >> 3] = (bitfield[piece >> 3] ?? 0) | (0x80 >> (piece & 7));
    send(socket, MESSAGE.bitfield, bitfield);
  }

  #answer(socket: Socket, message: Buffer): void {
    if (message[0] === MESSAGE.interested) send(socket, MESSAGE.unchoke);
    if (message[0] !== MESSAGE.request) return;
    this.requests += 1;
    if (this.behaviour === 'mute') return;
    const piece = message.readUInt32BE(1);
    const offset = message.readUInt32BE(5);
    const start = piece * this.#options.pieceBytes + offset;
    const block = Buffer.from(this.#options.content.subarray(start, start + message.readUInt32BE(9)));
    if (this.behaviour === 'corrupt') block[0] = (block[0] ?? 0) ^ 0xff;
    send(socket, MESSAGE.piece, message.subarray(1, 9), block);
  }
}

/** The first complete message: its type and payload. */
function next(pending: Buffer): Buffer | undefined {
  if (pending.length < 4) return undefined;
  const length = pending.readUInt32BE(0);
  return pending.length < 4 + length ? undefined : pending.subarray(4, 4 + length);
}

function send(socket: Socket, kind: number, ...parts: Buffer[]): void {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(1 + parts.reduce((sum, part) => sum + part.length, 0));
  head[4] = kind;
  socket.write(Buffer.concat([head, ...parts]));
}
