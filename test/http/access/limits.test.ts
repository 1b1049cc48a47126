// Too many, too large, too slow: each is refused with a number, and whoever behaves goes on.
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { at } from '../json.ts';
import { startApp, type RunningApp } from '../running-app.ts';

const JSON_BODY = { 'content-type': 'application/json' };

function post(app: RunningApp, body: unknown): Promise<Response> {
  return fetch(`${app.url}/sessions`, { method: 'POST', headers: JSON_BODY, body: JSON.stringify(body) });
}

function open(app: RunningApp): Socket {
  const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
  socket.on('error', () => undefined);
  return socket;
}

test('so many new sessions in a minute, and no more; those there are play on', async () => {
  await using app = await startApp({
    sessionsPerMinute: 12,
    access: { trustedProxies: ['127.0.0.1'], isLanOpen: true },
  });
  const id = await app.session();
  const statuses = await Promise.all(
    Array.from({ length: 50 }, async () => (await post(app, { source: app.film })).status),
  );
  const made = statuses.filter((status) => status === 200).length;
  assert.ok(made >= 11 && made <= 13, `${made} sessions`);
  assert.equal(statuses.filter((status) => status === 429).length, 50 - made);
  const refused = await post(app, { source: app.film });
  assert.ok([1, 2, 3, 4, 5].includes(Number(refused.headers.get('retry-after'))));
  assert.equal(at(await refused.text(), 'code'), 'TOO_MANY');
  assert.equal(app.sessions.count, made + 1);
  assert.equal((await fetch(`${app.url}/sessions/${id}/original/segment1.m4s`)).status, 200);
  app.wait(5000);
  assert.equal((await post(app, { source: app.film })).status, 200);
});

test('when all places for sessions are taken, the next one is told to wait', async () => {
  await using app = await startApp();
  for (let count = 0; count < 20; count += 1) await app.session();
  const refused = await post(app, { source: app.film });
  assert.equal(refused.status, 429);
  assert.ok(Number(refused.headers.get('retry-after')) >= 1);
});

test('headers that are too large, and addresses too long, are refused by number', async () => {
  await using app = await startApp();
  const large = open(app);
  large.write(`GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Large: ${'x'.repeat(40_000)}\r\n\r\n`);
  const answer = await text(large);
  assert.match(answer, /^HTTP\/1\.1 431 /u);
  assert.equal(at(answer.split('\r\n\r\n')[1] ?? '', 'code'), 'HEADERS_TOO_LARGE');
  const many = open(app);
  many.write(`GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n${'A: b\r\n'.repeat(20_000)}\r\n`);
  assert.match(await text(many), /^HTTP\/1\.1 431 /u);
  assert.equal((await fetch(app.url)).status, 200);
});

test('headers and bodies that come drop by drop are cut off', async () => {
  await using app = await startApp({ timeouts: { headersMs: 600, requestMs: 1200 } });
  const slowHead = open(app);
  const slowBody = open(app);
  slowHead.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n');
  slowBody.write(
    'POST /sessions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n',
  );
  const drops = setInterval(() => {
    slowHead.write('X');
    slowBody.write(' ');
  }, 100);
  try {
    const answers = await Promise.all([text(slowHead), text(slowBody)]);
    for (const answer of answers) assert.match(answer, /^HTTP\/1\.1 408 /u);
  } finally {
    clearInterval(drops);
  }
  assert.equal(app.sessions.count, 0);
});

test('a connection on which nothing moves is given up', async () => {
  await using app = await startApp({ timeouts: { silenceMs: 500 } });
  const gate = Promise.withResolvers<void>();
  app.files.openGate = gate.promise;
  const id = await app.session();
  const silent = open(app);
  silent.write(`GET /sessions/${id}/stream.m3u8 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
  const waited = new AbortController();
  const tooLong = delay(20_000, 'still open', waited);
  assert.equal(await Promise.race([text(silent), tooLong]), '');
  waited.abort();
  await tooLong.catch(() => undefined);
  gate.resolve();
  assert.equal((await fetch(`${app.url}/sessions/${id}/stream.m3u8`)).status, 200);
});

test('half-open connections make room for those that ask', async () => {
  await using app = await startApp({ connections: { maxConnections: 60, maxPerPeer: 40 } });
  const id = await app.session();
  app.files.openGate = Promise.resolve();
  const sockets = Array.from({ length: 300 }, () => open(app));
  try {
    for (const socket of sockets) socket.write('GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Never-Ends: ');
    await delay(300);
    for (let number = 0; number < 20; number += 1) {
      const reply = await fetch(`${app.url}/sessions/${id}/original/segment${number}.m4s`, {
        headers: { connection: 'close' },
      });
      assert.equal(reply.status, 200);
      await reply.arrayBuffer();
    }
    await delay(100);
    assert.ok(sockets.filter((socket) => !socket.closed).length <= 40);
  } finally {
    for (const socket of sockets) socket.destroy();
  }
});

test('a request that waits for its answer is not thrown out for others', async () => {
  await using app = await startApp({ connections: { maxConnections: 10, maxPerPeer: 10 } });
  const gate = Promise.withResolvers<void>();
  app.files.openGate = gate.promise;
  const id = await app.session();
  const held = fetch(`${app.url}/sessions/${id}/stream.m3u8`);
  await delay(100);
  const sockets = Array.from({ length: 30 }, () => open(app));
  await delay(200);
  gate.resolve();
  assert.equal((await held).status, 200);
  for (const socket of sockets) socket.destroy();
});

test('ranges are single, inside, and cheap to refuse', async () => {
  await using app = await startApp();
  const id = await app.session();
  const range = async (value: string) => {
    const reply = await fetch(`${app.url}/sessions/${id}/original/segment1.m4s`, {
      headers: { range: `bytes=${value}` },
    });
    await reply.arrayBuffer();
    return reply.status;
  };
  const rows: [string, number][] = [
    [`0-${',0-'.repeat(1000)}`, 200],
    ['0-1,5-6', 200],
    ['-0', 416],
    ['9e99-', 200],
    ['99999999999999999999-', 416],
    ['-99999999999999999999', 206],
    ['5-1', 200],
    ['-', 200],
    ['0x0-1', 200],
  ];
  for (const [value, status] of rows) assert.equal(await range(value), status, value.slice(0, 30));
});
