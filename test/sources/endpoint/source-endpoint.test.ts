import assert from 'node:assert/strict';
import { Agent, request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { SourceEndpoint } from '../../../src/sources/endpoint/source-endpoint.ts';
import type { Source } from '../../../src/sources/port/source.ts';
import { hashOf } from '../../contract/source-contract.ts';
import { sampleBytes } from '../../support/servers/fault-server.ts';
import { appError, eventually, openRemote } from '../opened.ts';

const MIB = 1024 * 1024;
const CONTENT = sampleBytes(6 * MIB);

test('the address is of this machine and cannot be guessed', async () => {
  await using opened = await openRemote(CONTENT);
  assert.match(addressOf(opened.source), /^http:\/\/127\.0\.0\.1:\d+\/[\w-]{43}$/);
  await using other = await openRemote(CONTENT);
  assert.notEqual(new URL(addressOf(other.source)).pathname, new URL(addressOf(opened.source)).pathname);
});

const RANGES: [string | undefined, number, string | null, number][] = [
  [undefined, 200, null, CONTENT.length],
  ['bytes=0-', 206, `bytes 0-${CONTENT.length - 1}/${CONTENT.length}`, CONTENT.length],
  ['bytes=100-199', 206, `bytes 100-199/${CONTENT.length}`, 100],
  ['bytes=100-99999999999', 206, `bytes 100-${CONTENT.length - 1}/${CONTENT.length}`, CONTENT.length - 100],
  ['bytes=-500', 206, `bytes ${CONTENT.length - 500}-${CONTENT.length - 1}/${CONTENT.length}`, 500],
  ['bytes=-99999999999', 206, `bytes 0-${CONTENT.length - 1}/${CONTENT.length}`, CONTENT.length],
  [`bytes=${CONTENT.length}-`, 416, `bytes */${CONTENT.length}`, 0],
  ['bytes=-0', 416, `bytes */${CONTENT.length}`, 0],
  ['bytes=200-100', 200, null, CONTENT.length],
  ['bytes=0-1,5-6', 200, null, CONTENT.length],
  ['bytes=x', 200, null, CONTENT.length],
  ['lines=0-1', 200, null, CONTENT.length],
];
for (const [range, status, contentRange, length] of RANGES) {
  test(`answers ${range ?? 'no range'} with ${status}, to GET and HEAD`, async () => {
    await using opened = await openRemote(CONTENT);
    const headers = range === undefined ? {} : { range };
    const response = await fetch(addressOf(opened.source), { headers });
    assert.equal(response.status, status);
    assert.equal(response.headers.get('content-range'), contentRange);
    assert.equal(response.headers.get('accept-ranges'), 'bytes');
    assert.equal(response.headers.get('content-length'), String(length));
    assert.equal((await response.arrayBuffer()).byteLength, length);
    const head = await fetch(addressOf(opened.source), { method: 'HEAD', headers });
    assert.equal(head.status, status);
    assert.equal(head.headers.get('content-length'), String(length));
  });
}

test('who takes short answers gets little where somebody only looks, and more where a film is played or read on', async () => {
  await using opened = await openRemote(CONTENT);
  const { source, endpoint } = opened;
  const { input } = source;
  assert.ok(input.kind === 'endpoint');
  const [name = '', value = ''] = input.headers.trim().split(': ');
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  /** `[start, end)` of the answer, whose bytes are asserted. */
  const answered = async (start: number, end: number): Promise<number> => {
    const headers = { range: `bytes=${start}-${end - 1}`, [name]: value };
    const reply = await new Promise<IncomingMessage>((resolve) =>
      request(input.url, { agent, headers }, resolve).end(),
    );
    const body = Buffer.concat(await reply.toArray());
    assert.equal(reply.statusCode, 206);
    assert.equal(reply.headers['content-range'], `bytes ${start}-${start + body.length - 1}/${CONTENT.length}`);
    assert.ok(body.equals(CONTENT.subarray(start, start + body.length)));
    return body.length;
  };
  try {
    assert.equal(await answered(MIB, 2 * MIB), 256 * 1024);
    assert.equal(await answered(MIB, MIB + 1000), 1000);
    assert.equal(await answered(CONTENT.length - 1000, CONTENT.length + MIB), 1000);
    // On and on over one connection.
    let at = 0;
    const lengths: number[] = [];
    while (at < 4 * MIB) {
      lengths.push(await answered(at, at + 4 * MIB));
      at += lengths.at(-1) ?? 0;
    }
    assert.deepEqual(lengths, [...Array.from({ length: 9 }, () => 256 * 1024), 2 * MIB]);
    assert.equal(await answered(5 * MIB, 6 * MIB), 256 * 1024);
    endpoint.readOn(source);
    assert.equal(await answered(MIB, 2 * MIB), 256 * 1024);
    assert.equal(await answered(MIB + 256 * 1024, 6 * MIB), 2 * MIB);
  } finally {
    agent.destroy();
  }
});

test('tells how far bytes lie in memory, and that all do', async () => {
  await using opened = await openRemote(CONTENT);
  const { source, endpoint } = opened;
  const url = addressOf(source);
  await source.read({ start: 0, end: 327_680 }, new AbortController().signal);
  assert.equal(endpoint.bufferedUntil(url, 5), 327_680);
  assert.equal(endpoint.bufferedUntil(url, 2 * MIB), 2 * MIB);
  assert.equal(endpoint.bufferedUntil(url, CONTENT.length - 10), Infinity);
  await source.read({ start: 0, end: CONTENT.length }, new AbortController().signal);
  assert.equal(endpoint.bufferedUntil(url, 0), Infinity);
  assert.equal(endpoint.bufferedUntil(`${url}x`, 7), 7);
  assert.equal(endpoint.bufferedUntil('nonsense', 7), 7);
});

test('a source that comes in order only does not invite to seek, but can', async () => {
  await using opened = await openRemote(CONTENT, { ranges: false });
  const first = await fetch(addressOf(opened.source), { headers: { range: 'bytes=0-' } });
  assert.equal(first.status, 200);
  assert.equal(first.headers.get('accept-ranges'), null);
  assert.equal(first.headers.get('content-length'), String(CONTENT.length));
  assert.equal(hashOf(new Uint8Array(await first.arrayBuffer())), hashOf(CONTENT));
  const later = await fetch(addressOf(opened.source), { headers: { range: 'bytes=5000000-5000099' } });
  assert.equal(later.status, 206);
  assert.equal((await later.arrayBuffer()).byteLength, 100);
});

test('a source of unknown size is sent in chunks', async () => {
  await using opened = await openRemote(CONTENT, { ranges: false, length: false, bytesPerSecond: 10 * MIB });
  assert.equal(opened.source.sizeBytes, undefined);
  const response = await fetch(addressOf(opened.source), { headers: { range: 'bytes=0-' } });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-length'), null);
  assert.equal(hashOf(new Uint8Array(await response.arrayBuffer())), hashOf(CONTENT));
});

test('unknown paths, other methods and other hosts are refused', async () => {
  await using opened = await openRemote(CONTENT);
  const address = new URL(addressOf(opened.source));
  assert.equal((await fetch(new URL('/', address))).status, 404);
  assert.equal((await fetch(`${address.href}x`)).status, 404);
  assert.equal((await fetch(address, { method: 'POST' })).status, 405);
  for (const host of ['localhost', 'evil.com', `evil.com:${address.port}`, '127.0.0.1:1']) {
    const response = await answerTo(address, host);
    assert.equal(response.statusCode, 421, host);
    response.resume();
  }
});

test('a source that fails before its first byte is a 502, and the reason can be asked for', async () => {
  await using opened = await openRemote(CONTENT);
  const { source, endpoint, server } = opened;
  assert.equal(endpoint.lastError(source), undefined);
  server.faults = { status: () => 403 };
  const response = await fetch(addressOf(source), { headers: { range: 'bytes=3000000-' } });
  assert.equal(response.status, 502);
  assert.equal(await response.text(), '');
  assert.ok(appError('SOURCE_FORBIDDEN', /expired/)(endpoint.lastError(source)));
  server.faults = {};
  await (await fetch(addressOf(source), { headers: { range: 'bytes=3000000-3000001' } })).arrayBuffer();
  assert.equal(endpoint.lastError(source), undefined);
});

test('a source that fails in mid-body breaks the connection off', async () => {
  await using opened = await openRemote(CONTENT, { closeEveryBytes: 2 * MIB });
  const { source, endpoint, server } = opened;
  const response = await fetch(addressOf(source));
  assert.equal(response.status, 200);
  server.faults = { status: () => 404 };
  await assert.rejects(response.arrayBuffer());
  assert.ok(appError('SOURCE_NOT_FOUND')(endpoint.lastError(source)));
});

test('a reader that leaves ends the work and is no failure', async () => {
  await using opened = await openRemote(CONTENT, { bytesPerSecond: MIB });
  const leave = new AbortController();
  const response = await fetch(addressOf(opened.source), { signal: leave.signal });
  assert.equal(response.status, 200);
  leave.abort();
  await eventually(() => opened.server.active === 0);
  assert.equal(opened.endpoint.lastError(opened.source), undefined);
});

test('a reader that does not read holds the source back', async () => {
  const content = sampleBytes(60 * MIB);
  await using opened = await openRemote(content, {}, { readAheadBytes: MIB, idleMs: 100 });
  const address = new URL(addressOf(opened.source));
  const socket = connect(Number(address.port), '127.0.0.1');
  socket.pause();
  socket.write(`GET ${address.pathname} HTTP/1.1\r\nhost: ${address.host}\r\n\r\n`);
  await delay(800);
  // What the kernel holds for two pairs of sockets, and the window.
  assert.ok(opened.server.bytesSent < 30 * MIB, `${opened.server.bytesSent}`);
  socket.destroy();
});

test('a withdrawn source is not found any more', async () => {
  await using opened = await openRemote(CONTENT);
  const address = addressOf(opened.source);
  await opened.source[Symbol.asyncDispose]();
  assert.equal((await fetch(address)).status, 404);
});

test('closing breaks off what is being sent', async () => {
  await using opened = await openRemote(CONTENT, { bytesPerSecond: MIB });
  const response = await fetch(addressOf(opened.source));
  await opened.endpoint[Symbol.asyncDispose]();
  await assert.rejects(response.arrayBuffer());
});

function answerTo(address: URL, host: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request(address, { headers: { host } }, resolve).on('error', reject).end();
  });
}

function addressOf(source: Source): string {
  assert.ok(source.input.kind === 'endpoint');
  return source.input.url;
}

test('a reader that leaves between two chunks ends the stream, also of a source that does not look', async () => {
  await using endpoint = await SourceEndpoint.open();
  let [begun, ended] = [0, 0];
  const chunk = new Uint8Array(64 * 1024);
  async function* slowly(): AsyncGenerator<Uint8Array> {
    begun += 1;
    try {
      for (let count = 0; count < 100; count += 1) {
        await delay(5);
        yield chunk;
      }
    } finally {
      ended += 1;
    }
  }
  const source: Source = {
    id: '0'.repeat(32),
    name: 'slow',
    sizeBytes: 100 * chunk.length,
    seekable: true,
    input: { kind: 'endpoint', url: '', headers: '' },
    read: () => Promise.resolve(chunk),
    stream: slowly,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const address = endpoint.publish(source).url;
  for (let count = 0; count < 20; count += 1) {
    const reply = await new Promise<IncomingMessage>((resolve) => request(address, resolve).end());
    reply.once('data', () => reply.destroy());
    reply.on('error', () => {});
  }
  await eventually(() => begun === 20 && ended === 20);
});
