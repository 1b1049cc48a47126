// A web server with scripted responses, which records each request byte by byte.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

export interface WebReply {
  /** Default 200, or 206 for a range of `file`. */
  status?: number;
  headers?: Record<string, string>;
  body?: Uint8Array | string;
  /** Served with support for ranges. */
  file?: Uint8Array;
}

export class WebServer implements AsyncDisposable {
  /** `/path?query` of each request, escaped as the client sent it. */
  readonly asked: string[] = [];
  readonly url: string;
  readonly #server: Server;

  private constructor(server: Server, url: string, asked: string[]) {
    this.#server = server;
    this.url = url;
    this.asked = asked;
  }

  /** `answer` receives the requested path; undefined: 404. */
  static async start(answer: (path: string) => WebReply | undefined): Promise<WebServer> {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      const path = request.url ?? '';
      asked.push(path);
      send(request, response, answer(path) ?? { status: 404 });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    return new WebServer(server, `http://127.0.0.1:${port}`, asked);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

function send(request: IncomingMessage, response: ServerResponse, reply: WebReply): void {
  const { file, headers = {} } = reply;
  const [, first, last] = /^bytes=(\d+)-(\d*)$/u.exec(request.headers.range ?? '') ?? [];
  if (file === undefined || first === undefined) {
    response.writeHead(reply.status ?? 200, headers).end(file ?? reply.body ?? '');
    return;
  }
  const start = Number(first);
  const end = Math.min(file.length, last === '' ? Infinity : Number(last) + 1);
  response.writeHead(206, { ...headers, 'content-range': `bytes ${start}-${end - 1}/${file.length}` });
  response.end(file.subarray(start, end));
}
