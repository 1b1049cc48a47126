// A live stream: sends a file repeatedly at a steady rate, without a length and without ranges.
import { createServer, type Server } from 'node:http';

const TICK_MS = 50;

export class EndlessServer implements AsyncDisposable {
  readonly url: string;
  readonly #server: Server;

  private constructor(server: Server, url: string) {
    this.#server = server;
    this.url = url;
  }

  static async start(content: Uint8Array, bytesPerSecond: number): Promise<EndlessServer> {
    const server = createServer((_request, response) => {
      let at = 0;
      response.writeHead(200, { 'content-type': 'video/mp2t' });
      const timer = setInterval(() => {
        const start = at % content.length;
        const part = content.subarray(start, start + (bytesPerSecond * TICK_MS) / 1000);
        at += part.length;
        response.write(part);
      }, TICK_MS);
      response.on('close', () => clearInterval(timer));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (address === null || typeof address === 'string') throw new TypeError('the server has no port');
    return new EndlessServer(server, `http://127.0.0.1:${address.port}/live.ts`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
