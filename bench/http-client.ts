// An HTTP client that costs next to nothing, so that what is measured is the server: one kept connection, and a body that is counted as
// it arrives in one large buffer. Only what the server sends is understood: HTTP/1.1 replies with a Content-Length.
import { connect, type Socket } from 'node:net';

export interface Reply {
  status: number;
  /** Whole, as it was received; empty unless `keepBody` was asked for or the status is not 200. */
  body: Buffer;
  /** Bytes of the body, every one of which has been received. */
  bodyBytes: number;
}

export interface Request {
  method: 'GET' | 'POST' | 'DELETE';
  url: string;
  /** Sent as JSON. */
  json?: unknown;
  keepBody?: boolean;
}

const BUFFER_BYTES = 2 ** 20;
const HEAD_END = Buffer.from('\r\n\r\n');

/** Connections that wait for the next request, by host and port. */
const idle = new Map<string, Connection[]>();

/** Resolves when the last byte has been received. @throws when the connection breaks before that */
export async function request(wanted: Request): Promise<Reply> {
  const { hostname, port, host } = new URL(wanted.url);
  const connections = idle.get(host) ?? [];
  idle.set(host, connections);
  const connection = connections.pop() ?? new Connection(hostname, Number(port));
  const reply = await connection.exchange(wanted);
  if (!connection.isClosed) connections.push(connection);
  return reply;
}

interface Exchange {
  keepBody: boolean;
  /** What came before the end of the head. */
  head: Buffer;
  reply: Reply | undefined;
  missingBytes: number;
  chunks: Buffer[];
  resolve: (reply: Reply) => void;
  reject: (error: Error) => void;
}

class Connection {
  readonly #socket: Socket;
  #exchange: Exchange | undefined;
  isClosed = false;

  constructor(hostname: string, port: number) {
    const receive = { buffer: Buffer.allocUnsafeSlow(BUFFER_BYTES), callback: this.#take.bind(this) };
    this.#socket = connect({ host: hostname, port, noDelay: true, onread: receive });
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(new Error('the server closed the connection')));
  }

  exchange({ method, url, json, keepBody = false }: Request): Promise<Reply> {
    const { pathname, search, host } = new URL(url);
    const body = json === undefined ? '' : JSON.stringify(json);
    const type = json === undefined ? '' : 'Content-Type: application/json\r\n';
    return new Promise((resolve, reject) => {
      const empty = { head: Buffer.alloc(0), reply: undefined, missingBytes: 0, chunks: [] };
      this.#exchange = { keepBody, ...empty, resolve, reject };
      this.#socket.ref();
      this.#socket.write(
        `${method} ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\n${type}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
      );
    });
  }

  #take(bytes: number, buffer: Uint8Array): boolean {
    const exchange = this.#exchange;
    if (!exchange) this.#socket.destroy();
    else if (exchange.reply) this.#takeBody(exchange, buffer.subarray(0, bytes));
    else this.#takeHead(exchange, Buffer.concat([exchange.head, buffer.subarray(0, bytes)]));
    return true;
  }

  #takeHead(exchange: Exchange, bytes: Buffer): void {
    exchange.head = bytes;
    const end = bytes.indexOf(HEAD_END);
    if (end === -1) return;
    const head = bytes.toString('latin1', 0, end);
    const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    if (length === undefined && status !== 204) return this.#fail(new Error(`a reply without a length: ${head}`));
    exchange.reply = { status, body: Buffer.alloc(0), bodyBytes: Number(length ?? 0) };
    exchange.missingBytes = exchange.reply.bodyBytes;
    this.#takeBody(exchange, bytes.subarray(end + HEAD_END.length));
  }

  #takeBody(exchange: Exchange, bytes: Uint8Array): void {
    const { reply } = exchange;
    if (!reply) return;
    if (exchange.keepBody || reply.status !== 200) exchange.chunks.push(Buffer.from(bytes));
    exchange.missingBytes -= bytes.length;
    if (exchange.missingBytes < 0) return this.#fail(new Error('more bytes than the reply announced'));
    if (exchange.missingBytes > 0) return;
    this.#exchange = undefined;
    // An idle connection keeps no benchmark from ending.
    this.#socket.unref();
    exchange.resolve({ ...reply, body: Buffer.concat(exchange.chunks) });
  }

  #fail(error: Error): void {
    this.isClosed = true;
    this.#socket.destroy();
    const exchange = this.#exchange;
    this.#exchange = undefined;
    exchange?.reject(error);
  }
}
