import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { at } from './json.ts';
import { startApp } from './running-app.ts';

const MINUTE = 60_000;

/** A catalogue of our own; what it answers can change. */
async function standIn(answer: RequestListener) {
  const state = { answer, requests: 0, url: '' };
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    state.requests += 1;
    state.answer(request, response);
  });
  server.on('connection', (socket) => sockets.add(socket.on('error', () => undefined)));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not listening');
  state.url = `http://127.0.0.1:${address.port}/catalogue.json`;
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    if (server.listening) await once(server.close(), 'close');
  };
  return Object.assign(state, { close, [Symbol.asyncDispose]: close });
}

const says =
  (value: unknown): RequestListener =>
  (_request, response) =>
    void response.end(typeof value === 'string' ? value : JSON.stringify(value));

const DOWN: RequestListener = (_request, response) => void response.writeHead(500).end('no');
const SLOW: RequestListener = () => undefined;

function addon(name: string, more: object = {}): object {
  const transportUrl = `https://${name}.example/manifest.json`;
  return {
    transportUrl,
    transportName: 'http',
    manifest: { id: `org.${name}`, name, description: `It is ${name}` },
    ...more,
  };
}

async function list(url: string) {
  const startedMs = performance.now();
  const reply = await fetch(`${url}/community-addons`);
  const text = await reply.text();
  const value: unknown = JSON.parse(text);
  const names = Array.isArray(value) ? value.map((_, i) => at(text, `${i}.name`)) : undefined;
  return { status: reply.status, headers: reply.headers, text, names, milliseconds: performance.now() - startedMs };
}

test('two catalogues become one list, every add-on as upstream gives it plus name, url and description', async () => {
  const shape = addon('one', {
    flags: { official: true },
    manifest: { id: 'org.one', name: 'One', resources: ['stream'] },
  });
  await using first = await standIn(says([shape]));
  const other = {
    transport_url: 'stremio://two.example/manifest.json',
    manifest: { id: 'org.two', name: 'Two', description: 'Second' },
  };
  await using second = await standIn((_request, response) => {
    response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(JSON.stringify({ addons: [other] })));
  });
  await using app = await startApp({ catalogues: [first.url, second.url] });
  const { status, headers, text } = await list(app.url);
  assert.equal(status, 200);
  assert.match(headers.get('content-type') ?? '', /^application\/json/u);
  assert.equal(headers.get('cache-control'), 'public, max-age=1800');
  assert.deepEqual(JSON.parse(text), [
    { ...shape, name: 'One', url: 'https://one.example/manifest.json', description: '' },
    { ...other, name: 'Two', url: 'stremio://two.example/manifest.json', description: 'Second' },
  ]);
});

test('an add-on that is there twice comes once: by its address, without one by its id', async () => {
  await using first = await standIn(
    says([addon('one'), addon('one', { manifest: { id: 'else' } }), { manifest: { id: 'bare', name: 'Bare' } }]),
  );
  await using second = await standIn(
    says([
      { transport_url: 'https://ONE.example/manifest.json', manifest: {} },
      { manifest: { id: 'bare' } },
      addon('two', { manifest: { id: 'org.one' } }),
    ]),
  );
  await using app = await startApp({ catalogues: [first.url, second.url] });
  const { names, text } = await list(app.url);
  assert.deepEqual(names, ['one', 'Bare', 'org.one']);
  assert.equal(at(text, '0.manifest.id'), 'org.one');
});

test('what is not an add-on is left out, the others stay', async () => {
  const wrong = [
    null,
    7,
    'text',
    [],
    {},
    { transportUrl: 5 },
    { transportUrl: 'no address' },
    { transportUrl: 'javascript:alert(1)' },
    { transportUrl: 'file:///etc/passwd' },
    { manifest: 'text' },
    { manifest: { id: 9 } },
    { manifest: [] },
  ];
  const good = addon('good', { manifest: { name: 1, description: null } });
  await using first = await standIn(says([...wrong, good]));
  await using app = await startApp({ catalogues: [first.url] });
  const { status, text } = await list(app.url);
  assert.equal(status, 200);
  assert.deepEqual(JSON.parse(text), [
    { ...good, name: 'good.example', url: 'https://good.example/manifest.json', description: '' },
  ]);
});

test('the list is kept for 30 minutes, and made once for all who ask at the same time', async () => {
  const { promise: gate, resolve: release } = Promise.withResolvers<void>();
  await using first = await standIn(
    (request, response) => void gate.then(() => says([addon('one')])(request, response)),
  );
  await using app = await startApp({ catalogues: [first.url] });
  const callers = Array.from({ length: 50 }, () => list(app.url));
  while (first.requests === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  release();
  for (const { names } of await Promise.all(callers)) assert.deepEqual(names, ['one']);
  app.wait(29 * MINUTE);
  await list(app.url);
  assert.equal(first.requests, 1);
  first.answer = says([addon('new')]);
  app.wait(2 * MINUTE);
  assert.deepEqual((await list(app.url)).names, ['new']);
  assert.equal(first.requests, 2);
});

/** Goes on until the other side has enough. */
const endless: RequestListener = (_request, response) => {
  const chunk = Buffer.alloc(2 ** 20, 32);
  const more = (): void => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on('drain', more);
  more();
};

const BROKEN: [string, RequestListener][] = [
  ['down', DOWN],
  ['not found', (_request, response) => void response.writeHead(404).end('[]')],
  [
    'cut off',
    (_request, response) =>
      void response.writeHead(200, { 'content-length': 99 }).write('[{', () => response.destroy()),
  ],
  ['broken JSON', says('[{"transportUrl":')],
  ['endless', endless],
  ['a web page', says('<!doctype html>')],
  ['of the wrong type', says({ result: 7 })],
  ['a number', says('7')],
  ['huge', says(' '.repeat(20 * 2 ** 20) + JSON.stringify([addon('one')]))],
  [
    'a bomb',
    (_request, response) => {
      const text = ' '.repeat(64 * 2 ** 20) + JSON.stringify([addon('one')]);
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(text));
    },
  ],
  ['going round in circles', (_request, response) => void response.writeHead(302, { location: '/' }).end()],
];

test('while one catalogue fails the other one is served, and the failed one asked again in a minute', async () => {
  await using first = await standIn(DOWN);
  await using second = await standIn(says([addon('two')]));
  await using app = await startApp({ catalogues: [first.url, second.url] });
  for (const [what, answer] of BROKEN) {
    first.answer = answer;
    app.wait(31 * MINUTE);
    const { status, names } = await list(app.url);
    assert.deepEqual([status, names], [200, ['two']], what);
  }
  first.answer = says([addon('one')]);
  app.wait(61_000);
  await list(app.url);
  assert.deepEqual((await list(app.url)).names, ['one', 'two']);
});

test('with all of them failing the last list is served, at once, however slow they are', async () => {
  await using first = await standIn(says([addon('one')]));
  await using second = await standIn(says([addon('two')]));
  await using app = await startApp({ catalogues: [first.url, second.url] });
  assert.deepEqual((await list(app.url)).names, ['one', 'two']);
  first.answer = SLOW;
  second.answer = DOWN;
  app.wait(31 * MINUTE);
  const { status, names, milliseconds } = await list(app.url);
  assert.deepEqual([status, names], [200, ['one', 'two']]);
  assert.ok(milliseconds < 5000, `${milliseconds} ms`);
  await first.close();
  await second.close();
  app.wait(31 * MINUTE);
  assert.deepEqual((await list(app.url)).names, ['one', 'two']);
});

test('502 in words only when no catalogue ever answered, no later than the limit, and not for long', async () => {
  await using first = await standIn(SLOW);
  await using second = await standIn((_request, response) => void response.writeHead(200).write('['));
  await using app = await startApp({ catalogues: [first.url, second.url], catalogueTimeoutMs: 300 });
  const { status, text, milliseconds } = await list(app.url);
  assert.equal(status, 502);
  assert.equal(at(text, 'code'), 'SOURCE_FAILED');
  assert.match(String(at(text, 'error')), /add-ons cannot be reached/u);
  assert.ok(milliseconds < 5000, `${milliseconds} ms`);
  first.answer = says([addon('one')]);
  assert.deepEqual((await list(app.url)).names, ['one']);
});
