// Connections are read into memory that is used again and again. Whatever a server does with its packets, no byte and no header may
// suffer from it: heads that come in crumbs, several answers on one connection, readers that pause, bodies in odd chunks, TLS.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { test } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';

import { generate } from 'selfsigned';
import { Agent, buildConnector } from 'undici';

import { Exchange, type ReplyHead } from '../../../src/sources/http/client/exchange.ts';
import { readingMemory } from '../../../src/sources/http/client/reading-memory.ts';
import { never } from '../../contract/source-contract.ts';
import { sampleBytes } from '../../support/servers/fault-server.ts';

const FILE = sampleBytes(6 * 1024 * 1024 + 77);

interface Style {
  name: string;
  /** Bytes of the head that are sent at a time. */
  headCrumb: number;
  /** Bytes of the body that are written at a time, in turn. */
  writes: number[];
  isChunked?: boolean;
  isTls?: boolean;
}

const STYLES: Style[] = [
  { name: 'all at once', headCrumb: 100_000, writes: [1_000_000] },
  { name: 'heads byte by byte, long bodies', headCrumb: 1, writes: [700_000, 3] },
  { name: 'heads in crumbs, bodies in packets', headCrumb: 7, writes: [1448] },
  { name: 'chunked, odd sizes', headCrumb: 3, writes: [70_001, 13, 250_000, 1], isChunked: true },
  { name: 'over TLS', headCrumb: 11, writes: [300_000, 5000], isTls: true },
  { name: 'over TLS, chunked', headCrumb: 1, writes: [16_384, 16_385], isTls: true, isChunked: true },
];

for (const style of STYLES) {
  test(`${style.name}: several answers on one connection are exact, heads and bodies, while the reader pauses now and then`, async () => {
    await using stack = new AsyncDisposableStack();
    const { server, connections } = await serve(style, stack);
    const connect = buildConnector({ timeout: 5000, rejectUnauthorized: false, onread: readingMemory() });
    const agent = new Agent({ allowH2: false, connect, connections: 1 });
    stack.defer(() => agent.destroy());
    const origin = `${style.isTls ? 'https' : 'http'}://127.0.0.1:${portOf(server)}`;
    for (const [index, size] of [100, FILE.length, 40_000, 1, 2_000_000, 0, 300_000].entries()) {
      const exchange = new Exchange(never());
      agent.dispatch({ origin, path: `/${size}`, method: 'GET' }, exchange);
      const head = await exchange.head;
      assertHead(head, size);
      const parts: Buffer[] = [];
      await exchange.receive((chunk) => {
        parts.push(Buffer.from(chunk));
        return parts.length % 5 === index % 5 ? pausing() : true;
      });
      assert.ok(Buffer.concat(parts).equals(FILE.subarray(0, size)), `${size} bytes`);
    }
    assert.equal(connections(), 1);
  });
}

test('an answer nobody wants any more frees its connection, one that was received keeps it', async () => {
  await using stack = new AsyncDisposableStack();
  const { server, connections } = await serve({ name: '', headCrumb: 1000, writes: [100_000] }, stack);
  const agent = new Agent({
    allowH2: false,
    connect: buildConnector({ timeout: 5000, rejectUnauthorized: false, onread: readingMemory() }),
  });
  stack.defer(() => agent.destroy());
  const get = async (size: number) => {
    const exchange = new Exchange(never());
    agent.dispatch({ origin: `http://127.0.0.1:${portOf(server)}`, path: `/${size}`, method: 'GET' }, exchange);
    assertHead(await exchange.head, size);
    return exchange;
  };
  // Enough with the last byte: its end is noticed all the same.
  let left = 5000;
  const first = await get(5000);
  await first.receive((chunk) => (left -= chunk.length) > 0);
  await new Promise((resolve) => setImmediate(resolve));
  const second = await get(FILE.length);
  assert.equal(connections(), 1);
  await second.receive(() => false);
  const third = await get(10);
  assert.equal(connections(), 2);
  const stop = new AbortController();
  third.destroy();
  const fourth = new Exchange(stop.signal);
  agent.dispatch({ origin: `http://127.0.0.1:${portOf(server)}`, path: '/10', method: 'GET' }, fourth);
  stop.abort(new Error('not any more'));
  await assert.rejects(fourth.head, /not any more/);
  await assert.rejects(
    fourth.receive(() => true),
    /not any more/,
  );
});

test('what the reader throws ends the request, and is what it gets', async () => {
  await using stack = new AsyncDisposableStack();
  const { server } = await serve({ name: '', headCrumb: 1000, writes: [100_000] }, stack);
  const agent = new Agent({
    allowH2: false,
    connect: buildConnector({ timeout: 5000, rejectUnauthorized: false, onread: readingMemory() }),
  });
  stack.defer(() => agent.destroy());
  const takers = [
    () => {
      throw new Error('no room');
    },
    () => Promise.reject(new Error('no room')),
  ];
  for (const take of takers) {
    const exchange = new Exchange(never());
    agent.dispatch({ origin: `http://127.0.0.1:${portOf(server)}`, path: '/1000000', method: 'GET' }, exchange);
    await exchange.head;
    await assert.rejects(exchange.receive(take), /no room/);
  }
});

function assertHead({ status, headers }: ReplyHead, size: number): void {
  assert.equal(status, 200);
  assert.equal(headers['x-size'], `size-${size}`);
  assert.equal(headers['x-long-name-of-a-header'], 'b'.repeat(3000));
  assert.equal(headers['x-last'], 'z');
}

function pausing(): Promise<boolean> {
  return new Promise((resolve) => setTimeout(() => resolve(true), 3));
}

/** Speaks just enough HTTP to have every byte of it in hand. */
async function serve(
  style: Style,
  stack: AsyncDisposableStack,
): Promise<{ server: Server; connections: () => number }> {
  const sockets = new Set<Socket>();
  const onConnection = (socket: Socket): void => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on('error', () => {});
    let asked = '';
    socket.on('data', (bytes: Buffer) => {
      asked += bytes.toString('latin1');
      if (!asked.endsWith('\r\n\r\n')) return;
      const size = Number(/^GET \/(\d+) /.exec(asked)?.[1]);
      asked = '';
      void answer(socket, size, style);
    });
  };
  const server = style.isTls ? createTlsServer(await certificate(), onConnection) : createServer(onConnection);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stack.defer(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return { server, connections: () => sockets.size };
}

async function answer(socket: Socket, size: number, { headCrumb, writes, isChunked }: Style): Promise<void> {
  const head = [
    'HTTP/1.1 200 OK',
    `X-Size: size-${size}`,
    `X-Long-Name-Of-A-Header: ${'b'.repeat(3000)}`,
    isChunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${size}`,
    'X-Last: z',
    '\r\n',
  ].join('\r\n');
  for (let at = 0; at < head.length; at += headCrumb) {
    await written(socket, Buffer.from(head.slice(at, at + headCrumb), 'latin1'));
    // A packet of its own.
    if (at % 97 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  let turn = 0;
  for (let at = 0; at < size;) {
    const part = FILE.subarray(at, Math.min(size, at + (writes[turn++ % writes.length] ?? 1)));
    at += part.length;
    const framed = isChunked ? [Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n')] : [part];
    await written(socket, Buffer.concat(framed));
  }
  if (isChunked) await written(socket, Buffer.from('0\r\n\r\n'));
}

function written(socket: Socket, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => socket.write(bytes, () => resolve()));
}

async function certificate(): Promise<{ key: string; cert: string }> {
  const made = await generate([{ name: 'commonName', value: 'localhost' }], { keySize: 2048 });
  return { key: made.private, cert: made.cert };
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening');
  return address.port;
}
