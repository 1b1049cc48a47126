// A server that writes its responses byte by byte, in forms that no HTTP library writes.
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';

export interface RawRequest {
  path: string;
  /** `[start, end)` of the request; an end of Infinity: until the end. */
  range: { start: number; end: number } | undefined;
}

export interface RawAnswer {
  /** Status line and header lines. */
  head: string[];
  body: Uint8Array;
}

/** Closes each connection after its response. */
export class RawHttpServer implements AsyncDisposable {
  readonly url: string;
  readonly requests: RawRequest[] = [];
  readonly #server: Server;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.url = `http://127.0.0.1:${port}/film.mkv`;
  }

  static async start(answer: (request: RawRequest) => RawAnswer): Promise<RawHttpServer> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new TypeError('the server has no port');
    const raw = new RawHttpServer(server, address.port);
    server.on('connection', (socket) => raw.#serve(socket, answer));
    return raw;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    await closed;
  }

  #serve(socket: Socket, answer: (request: RawRequest) => RawAnswer): void {
    let text = '';
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      if (!text.includes('\r\n\r\n')) return;
      const request = parsed(text);
      this.requests.push(request);
      const { head, body } = answer(request);
      socket.write(Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'));
      socket.end(body);
    });
  }
}

function parsed(text: string): RawRequest {
  const range = /^range: bytes=(\d+)-(\d*)/im.exec(text);
  const end = range?.[2] === '' ? Infinity : Number(range?.[2]) + 1;
  return { path: text.split(' ')[1] ?? '', range: range === null ? undefined : { start: Number(range[1]), end } };
}
