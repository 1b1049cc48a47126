// A link of limited speed in front of a server: passes the server's bytes on at a steady rate.
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

const TICK_MS = 10;
/** Buffer of the link; when it is full, the server waits. */
const QUEUE_BYTES = 64 * 1024;

interface Waiting {
  to: Socket;
  from: Socket;
  chunks: Buffer[];
  bytes: number;
}

export class ThrottledLink implements AsyncDisposable {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #waiting = new Set<Waiting>();
  readonly #timer: NodeJS.Timeout;
  #tokens = 0;
  #lastMs = performance.now();

  private constructor(
    server: Server,
    port: number,
    { target, bytesPerSecond }: { target: number; bytesPerSecond: number },
  ) {
    this.#server = server;
    this.port = port;
    server.on('connection', (socket) => this.#carry(socket, connect(target, '127.0.0.1')));
    this.#timer = setInterval(() => this.#flow(bytesPerSecond), TICK_MS);
  }

  /** In front of a server on a port of 127.0.0.1; all connections share the speed. */
  static async start(target: number, bytesPerSecond: number): Promise<ThrottledLink> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new TypeError('no port');
    return new ThrottledLink(server, address.port, { target, bytesPerSecond });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #carry(client: Socket, server: Socket): void {
    const line: Waiting = { to: client, from: server, chunks: [], bytes: 0 };
    this.#waiting.add(line);
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        this.#waiting.delete(line);
        other.destroy();
      });
    }
    client.pipe(server);
    server.on('data', (chunk: Buffer) => {
      line.chunks.push(chunk);
      line.bytes += chunk.length;
      if (line.bytes > QUEUE_BYTES) server.pause();
    });
  }

  #flow(bytesPerSecond: number): void {
    const now = performance.now();
    // Unused time is not credited, as on a real link.
    this.#tokens = Math.min(this.#tokens + ((now - this.#lastMs) * bytesPerSecond) / 1000, bytesPerSecond / 10);
    this.#lastMs = now;
    for (const line of this.#waiting) {
      while (this.#tokens >= 1 && line.chunks.length > 0) {
        const [first = Buffer.alloc(0)] = line.chunks;
        const part = first.subarray(0, Math.floor(this.#tokens));
        if (part.length === first.length) line.chunks.shift();
        else line.chunks[0] = first.subarray(part.length);
        line.to.write(part);
        line.bytes -= part.length;
        this.#tokens -= part.length;
      }
      if (line.bytes <= QUEUE_BYTES) line.from.resume();
    }
  }
}
