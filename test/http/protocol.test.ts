// What holds for every path: errors, methods, content types, origins.
import assert from 'node:assert/strict';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { test } from 'node:test';

import { at } from './json.ts';
import { startApp, type RunningApp } from './running-app.ts';

const JSON_BODY = { 'content-type': 'application/json' };

async function call(
  app: RunningApp,
  path: string,
  init: RequestInit = {},
): Promise<{ status: number; headers: Headers; text: string }> {
  const reply = await fetch(app.url + path, init);
  return { status: reply.status, headers: reply.headers, text: await reply.text() };
}

test('GET / says who we are, at once', async () => {
  await using app = await startApp();
  const times: number[] = [];
  for (let tries = 0; tries < 10; tries += 1) {
    const before = performance.now();
    await call(app, '/');
    times.push(performance.now() - before);
  }
  // The fastest: the machine may be busy with something else.
  assert.ok(Math.min(...times) < 100, times.join());
  const { status, text } = await call(app, '/');
  assert.deepEqual(
    [status, at(text, 'name'), at(text, 'version'), at(text, 'pid')],
    [200, 'raffi-server', '1.2.3', process.pid],
  );
  assert.equal(typeof at(text, 'uptimeSeconds'), 'number');
});

test('GET / shows the text we were started with to this machine alone', async () => {
  const lanToken = 'correct-horse-battery';
  const access = { lanToken, isLanOpen: true, trustedProxies: ['127.0.0.1'] };
  await using app = await startApp({ instanceToken: 'started-by-me', access });
  const shown = async (headers: Record<string, string>) => {
    const { status, text } = await call(app, '/', { headers });
    return [status, at(text, 'instance')];
  };
  const phone = { 'x-forwarded-for': '192.168.1.20' };
  assert.deepEqual(await shown({}), [200, 'started-by-me']);
  assert.deepEqual(await shown(phone), [200, undefined]);
  assert.deepEqual(await shown({ ...phone, authorization: `Bearer ${lanToken}` }), [200, undefined]);
  await using nameless = await startApp();
  assert.equal(at((await call(nameless, '/')).text, 'instance'), undefined);
});

test('supervisors and people can ask how it is', async () => {
  await using app = await startApp();
  assert.deepEqual(JSON.parse((await call(app, '/health')).text), { status: 'ok' });
  assert.deepEqual(JSON.parse((await call(app, '/ready')).text), { ready: true, parts: { media: { state: 'ready' } } });
  await call(app, '/sessions/some-secret-id');
  const metrics = await call(app, '/metrics');
  assert.match(metrics.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/u);
  assert.match(
    metrics.text,
    /raffi_http_request_seconds_count\{method="GET",route="\/sessions\/:id",status="404"\} 1/u,
  );
  assert.doesNotMatch(metrics.text, /some-secret-id/u);
  const docs = await call(app, '/docs');
  assert.match(docs.headers.get('content-type') ?? '', /^text\/html/u);
  assert.match(docs.text, /POST \/sessions/u);
});

test('the description of the API has every path', async () => {
  await using app = await startApp();
  const api = (await call(app, '/openapi.json')).text;
  assert.equal(at(api, 'openapi'), '3.1.0');
  const paths = [
    '/',
    '/health',
    '/ready',
    '/metrics',
    '/sessions',
    '/sessions/{id}',
    '/sessions/{id}/audio',
    '/sessions/{id}/stream.m3u8',
  ];
  paths.push('/sessions/{id}/stream', '/sessions/{id}/{rendition}/playlist.m3u8', '/cleanup', '/openapi.json', '/docs');
  for (const path of paths) {
    const item = memberOf(at(api, 'paths'), path);
    assert.equal(typeof item, 'object', path);
  }
});

test('errors are JSON with a sentence and a code', async () => {
  await using app = await startApp();
  const body = (text: string, headers: Record<string, string> = JSON_BODY) => ({ method: 'POST', headers, body: text });
  const cases: [string, RequestInit, number, string][] = [
    ['/nothing', {}, 404, 'NOT_FOUND'],
    ['/sessions/nobody', {}, 404, 'NOT_FOUND'],
    [`/sessions/${'x'.repeat(2000)}`, {}, 404, 'NOT_FOUND'],
    ['/sessions/nobody/stream.m3u8', {}, 404, 'NOT_FOUND'],
    ['/sessions/nobody', { method: 'DELETE' }, 404, 'NOT_FOUND'],
    ['/%ff', {}, 400, 'BAD_REQUEST'],
    ['/sessions', body('{'), 400, 'BAD_REQUEST'],
    ['/sessions', body(''), 400, 'BAD_REQUEST'],
    ['/sessions', { method: 'POST' }, 400, 'BAD_REQUEST'],
    ['/sessions', body('{"source":"/x","__proto__":{"a":1}}'), 400, 'BAD_REQUEST'],
    ['/sessions', body(JSON.stringify({ source: 'x'.repeat(300_000) })), 413, 'BODY_TOO_LARGE'],
    ['/sessions', body('{}', { 'content-type': 'text/plain' }), 415, 'UNSUPPORTED_CONTENT_TYPE'],
    ['/sessions', body('<a/>', { 'content-type': 'application/xml' }), 415, 'UNSUPPORTED_CONTENT_TYPE'],
    ['/sessions', { method: 'PUT' }, 405, 'METHOD_NOT_ALLOWED'],
    ['/', { method: 'DELETE' }, 405, 'METHOD_NOT_ALLOWED'],
    ['/sessions/a/stream/child.m3u8', { method: 'POST' }, 405, 'METHOD_NOT_ALLOWED'],
  ];
  for (const [path, init, status, code] of cases) {
    const reply = await call(app, path, init);
    const what = `${init.method ?? 'GET'} ${path.slice(0, 40)} ${reply.text}`;
    assert.deepEqual([reply.status, at(reply.text, 'code')], [status, code], what);
    assert.match(String(at(reply.text, 'error')), /^[A-Z].+[^.]$/u, what);
    assert.match(reply.headers.get('content-type') ?? '', /^application\/json/u);
  }
  assert.equal(app.sessions.count, 0);
});

test('a body that is far too large is heard out, so that its sender sees the answer', async () => {
  await using app = await startApp();
  const body = Buffer.alloc(30 * 2 ** 20, ' ');
  const headers = { ...JSON_BODY, 'content-length': String(body.length) };
  const request = httpRequest(`${app.url}/sessions`, { method: 'POST', headers });
  const answered = new Promise<IncomingMessage>((resolve) => request.once('response', resolve));
  request.write(body.subarray(0, 1000));
  const reply = await answered;
  assert.equal(reply.statusCode, 413);
  assert.equal(at(await textOf(reply), 'code'), 'BODY_TOO_LARGE');
  // Fails when the connection was closed meanwhile.
  await new Promise<void>((resolve, reject) => request.once('error', reject).end(body.subarray(1000), () => resolve()));
});

test('405 names the methods there are', async () => {
  await using app = await startApp();
  const allow = async (path: string) => (await call(app, path, { method: 'PATCH' })).headers.get('allow');
  assert.equal(await allow('/'), 'GET, HEAD, OPTIONS');
  assert.equal(await allow('/sessions'), 'GET, HEAD, OPTIONS, POST');
  assert.equal(await allow('/sessions/x'), 'DELETE, GET, HEAD, OPTIONS');
  assert.equal(await allow('/sessions/x/audio'), 'OPTIONS, POST');
  assert.equal(await allow('/cleanup?id=1'), 'DELETE, OPTIONS, POST');
});

test('HEAD works wherever GET does', async () => {
  await using app = await startApp();
  const id = await app.session();
  const paths = [
    '/',
    '/health',
    '/ready',
    '/metrics',
    '/sessions',
    `/sessions/${id}`,
    `/sessions/${id}/stream.m3u8`,
    `/sessions/${id}/stream`,
  ];
  paths.push(
    `/sessions/${id}/stream/child.m3u8`,
    `/sessions/${id}/stream/segment1.ts`,
    `/sessions/${id}/original/playlist.m3u8`,
    `/sessions/${id}/original/init.mp4`,
  );
  for (const path of paths) {
    const head = await call(app, path, { method: 'HEAD' });
    assert.deepEqual([head.status, head.text], [200, ''], path);
  }
  assert.equal((await call(app, '/nothing', { method: 'HEAD' })).status, 404);
});

test('what is not HTTP gets a clear answer', async () => {
  await using app = await startApp();
  const socket = connect(Number(new URL(app.url).port), '127.0.0.1');
  socket.end('HELLO\r\n\r\n');
  const chunks: Buffer[] = [];
  for await (const chunk of socket) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
  const [head = '', body = ''] = Buffer.concat(chunks).toString().split('\r\n\r\n');
  assert.match(head, /^HTTP\/1\.1 400 /u);
  assert.equal(at(body, 'code'), 'BAD_REQUEST');
});

test('pages of known origins may read, others may not', async () => {
  await using app = await startApp();
  const own = new URL(app.url).port;
  const allowed = [
    'https://raffi.al',
    'https://web.raffi.al',
    'http://localhost:5173',
    'http://127.0.0.1:11420',
    'https://friend.example',
    `http://localhost:${own}`,
  ];
  const others = [
    'https://raffi.al.evil.example',
    'http://raffi.al',
    'https://evil-raffi.al',
    'null',
    'http://localhost:9999',
    'http://localhost',
    'http://192.168.0.2:5173',
  ];
  for (const origin of [...allowed, ...others]) {
    for (const path of ['/', '/nothing']) {
      const { headers } = await call(app, path, { headers: { origin } });
      assert.equal(headers.get('access-control-allow-origin'), allowed.includes(origin) ? origin : null, origin);
      assert.equal(headers.get('vary'), 'Origin');
    }
  }
});

test('preflights are answered with exactly what is allowed', async () => {
  await using app = await startApp();
  const headers = {
    origin: 'http://localhost:5173',
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'content-type',
  };
  const preflight = await call(app, '/sessions', { method: 'OPTIONS', headers });
  assert.equal(preflight.status, 204);
  assert.equal(preflight.headers.get('access-control-allow-origin'), 'http://localhost:5173');
  assert.equal(preflight.headers.get('access-control-allow-methods'), 'GET, POST, OPTIONS, DELETE, HEAD');
  assert.equal(
    preflight.headers.get('access-control-allow-headers'),
    'Content-Type, Accept-Encoding, Range, Origin, Accept, X-Raffi-Cast-Token',
  );
  assert.equal(preflight.headers.get('access-control-max-age'), '86400');
  const plain = await call(app, '/', { headers: { origin: 'http://localhost:5173' } });
  assert.equal(
    plain.headers.get('access-control-expose-headers'),
    'X-Raffi-Slice-Start, Accept-Ranges, Content-Range, Content-Length',
  );
  const foreign = await call(app, '/sessions', {
    method: 'OPTIONS',
    headers: { ...headers, origin: 'https://evil.example' },
  });
  assert.deepEqual([foreign.status, foreign.headers.get('access-control-allow-origin')], [204, null]);
});

/** For names with dots in them. */
function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return new Map<string, unknown>(Object.entries(value)).get(name);
}
