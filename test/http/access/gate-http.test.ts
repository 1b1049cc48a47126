// The gate as the network sees it: raw requests on a socket, before any route.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';

import { at } from '../json.ts';
import { startApp, type RunningApp } from '../running-app.ts';

/** Sends the lines of a request head as they are. */
async function raw(app: RunningApp, lines: string[]): Promise<{ status: number; head: string; body: string }> {
  const { hostname, port } = new URL(app.url);
  const socket = connect(Number(port), hostname);
  socket.write([...lines, 'Connection: close', '', ''].join('\r\n'));
  const [head = '', body = ''] = (await text(socket)).split(/\r\n\r\n(.*)/su);
  return { status: Number(/^HTTP\/1\.1 (\d+)/u.exec(head)?.[1]), head, body };
}

test('a name that is not ours gets 421, whatever it asks for and however', async () => {
  await using app = await startApp();
  const id = await app.session();
  const targets = [
    ...['GET /', 'HEAD /', 'GET /health', 'GET /sessions', 'POST /sessions', 'OPTIONS /sessions', 'OPTIONS *'],
    ...[`GET /sessions/${id}/stream.m3u8`, `DELETE /sessions/${id}`, 'GET /no/such/thing', 'PUT /', 'POST /cleanup'],
    ...['GET /%ff', `GET /sessions/${'x'.repeat(2000)}`, 'GET //evil.example/', 'GET /?cast_token=x', 'TRACE /'],
  ];
  for (const target of targets) {
    const { status, head, body } = await raw(app, [`${target} HTTP/1.1`, 'Host: evil.example']);
    assert.equal(status, 421, `${target}: ${head}`);
    assert.doesNotMatch(head, /access-control-allow-origin|set-cookie/iu);
    if (!target.startsWith('HEAD')) assert.equal(at(body, 'code'), 'WRONG_HOST');
  }
  assert.equal(app.sessions.count, 1);
});

test('only one Host that is ours lets a request in', async () => {
  await using app = await startApp();
  const own = `127.0.0.1:${new URL(app.url).port}`;
  const rows: [number, string[]][] = [
    [200, ['GET / HTTP/1.1', `Host: ${own}`]],
    [200, ['GET / HTTP/1.1', 'Host: localhost']],
    [200, ['GET / HTTP/1.1', 'Host: [::1]:1']],
    [200, ['GET / HTTP/1.0', `Host: ${own}`]],
    [421, ['GET / HTTP/1.0']],
    [400, ['GET / HTTP/1.1']],
    [421, ['GET / HTTP/1.1', 'Host:']],
    [421, ['GET / HTTP/1.1', `Host: ${own}`, 'Host: evil.example']],
    [421, ['GET / HTTP/1.1', 'Host: evil.example', `Host: ${own}`]],
    [421, ['GET / HTTP/1.1', `Host: ${own}`, `host: ${own}`]],
    [421, ['GET http://evil.example/ HTTP/1.1', `Host: ${own}`]],
    [421, [`GET http://${own}/ HTTP/1.1`, 'Host: evil.example']],
    [421, ['GET / HTTP/1.1', 'Host: localhost.']],
    [421, ['GET / HTTP/1.1', 'Host: 127.0.0.1.nip.io']],
    [421, ['GET / HTTP/1.1', 'Host: evil.example', 'X-Forwarded-Host: localhost', 'Forwarded: host=localhost']],
  ];
  for (const [status, lines] of rows) assert.equal((await raw(app, lines)).status, status, lines.join(' | '));
});

test('a rebound name is not its own origin', async () => {
  await using app = await startApp();
  const own = `evil.example:${new URL(app.url).port}`;
  const { status, head } = await raw(app, ['GET /sessions HTTP/1.1', `Host: ${own}`, `Origin: http://${own}`]);
  assert.equal(status, 421);
  assert.doesNotMatch(head, /access-control-allow-origin/iu);
});

test('what a page may not do is not done', async () => {
  await using app = await startApp();
  const id = await app.session();
  const json = { 'content-type': 'application/json' };
  const body = JSON.stringify({ source: app.film });
  const evil = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' };
  const calls: [string, RequestInit][] = [
    ['/sessions', { method: 'POST', body, headers: { ...json, ...evil } }],
    ['/sessions', { method: 'POST', body, headers: { 'content-type': 'text/plain', ...evil } }],
    ['/sessions', { method: 'POST', body, headers: { ...json, origin: 'null' } }],
    ['/sessions', { method: 'POST', body, headers: { ...json, 'sec-fetch-site': 'same-site' } }],
    [`/cleanup?id=${id}`, { method: 'POST', headers: evil }],
    [`/sessions/${id}`, { method: 'DELETE', headers: evil }],
    [`/sessions/${id}/audio`, { method: 'POST', body: '{"index":1}', headers: { ...json, ...evil } }],
    ['/cast/token', { method: 'POST', body: JSON.stringify({ sessionId: id }), headers: { ...json, ...evil } }],
    ['/no/such/thing', { method: 'POST', headers: evil }],
    [
      `/sessions/${id}/original/segment1.m4s`,
      { headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-dest': 'video' } },
    ],
  ];
  for (const [path, init] of calls) {
    const reply = await fetch(app.url + path, init);
    const answer = await reply.text();
    assert.deepEqual([reply.status, at(answer, 'code')], [403, 'FORBIDDEN'], path);
    assert.equal(reply.headers.get('access-control-allow-origin'), null);
  }
  assert.equal(app.sessions.count, 1);
  assert.deepEqual(app.files.wishes, []);
  assert.equal((await fetch(app.url, { headers: { origin: 'https://web.raffi.al' } })).status, 200);
});

test('answers are not for other pages, as images or frames either', async () => {
  await using app = await startApp();
  const header = async (name: string, headers = {}) => (await fetch(app.url, { headers })).headers.get(name);
  assert.equal(await header('cross-origin-resource-policy'), 'same-origin');
  assert.equal(await header('cross-origin-resource-policy', { origin: 'https://web.raffi.al' }), 'cross-origin');
  assert.equal(await header('x-content-type-options'), 'nosniff');
  assert.match((await header('content-security-policy')) ?? '', /frame-ancestors 'none'/u);
});

test('a page of the internet may only reach this machine when it is ours', async () => {
  await using app = await startApp();
  const asked = async (origin: string) => {
    const asking = { 'access-control-request-method': 'POST', 'access-control-request-private-network': 'true' };
    const reply = await fetch(`${app.url}/sessions`, { method: 'OPTIONS', headers: { origin, ...asking } });
    return [reply.status, reply.headers.get('access-control-allow-private-network')];
  };
  assert.deepEqual(await asked('https://web.raffi.al'), [204, 'true']);
  assert.deepEqual(await asked('https://evil.example'), [204, null]);
});

test('a paired device uses its token as a bearer, in the address, or as the cookie it got for that', async () => {
  const lanToken = 'correct-horse-battery';
  // Behind a proxy that is trusted every peer is a device of the network.
  const access = { lanToken, trustedProxies: ['127.0.0.1'] };
  await using app = await startApp({ access });
  const call = (path: string, headers: Record<string, string> = {}) =>
    fetch(app.url + path, { headers: { 'x-forwarded-for': '192.168.1.20', ...headers } });
  assert.equal((await call('/')).status, 403);
  assert.equal((await call('/', { 'x-forwarded-for': '127.0.0.1, 192.168.1.20' })).status, 403);
  assert.equal((await call('/', { authorization: `Bearer ${lanToken}` })).status, 200);
  assert.equal((await call('/sessions', { authorization: `bearer  ${lanToken}` })).status, 200);
  assert.equal((await call('/', { authorization: 'Bearer wrong' })).status, 401);
  assert.equal((await call('/', { authorization: `Basic ${lanToken}` })).status, 403);
  assert.equal((await call(`/?lan_token=${lanToken}`)).headers.get('set-cookie'), null);
  const page = await call(`/?lan_token=${lanToken}`, { accept: 'text/html' });
  const cookie = page.headers.get('set-cookie') ?? '';
  assert.match(cookie, /; HttpOnly; SameSite=Strict$/u);
  const [pair = ''] = cookie.split(';');
  assert.equal((await call('/sessions', { cookie: `other=1; ${pair}` })).status, 200);
  assert.equal((await call('/sessions', { cookie: pair, origin: 'https://evil.example' })).status, 200);
  const evil = await fetch(`${app.url}/sessions`, {
    method: 'POST',
    headers: { cookie: pair, origin: 'https://evil.example', 'x-forwarded-for': '192.168.1.20' },
  });
  assert.equal(evil.status, 403);
  const id = await app.session();
  const playlist = await (await call(`/sessions/${id}/stream.m3u8?lan_token=${lanToken}`)).text();
  assert.match(playlist, new RegExp(`^original/playlist\\.m3u8\\?lan_token=${lanToken}$`, 'mu'));
  assert.ok(!app.log.join('').includes(lanToken));
});

test('no spelling of a path hides it from the gate', async () => {
  await using app = await startApp({ access: { isLanOpen: true, trustedProxies: ['127.0.0.1'] } });
  const id = await app.session();
  const own = `127.0.0.1:${new URL(app.url).port}`;
  const phone = [`Host: ${own}`, 'X-Forwarded-For: 192.168.1.20'];
  assert.equal((await raw(app, ['GET / HTTP/1.1', ...phone])).status, 200);
  const spellings = [
    ...['GET /sessions', 'GET /%73essions', 'GET /sessions#x', 'GET /sessions?x#y', `GET http://${own}/sessions`],
    ...['GET /metrics', 'GET /metric%73', 'GET /%6d%65trics#', 'GET /torrents', 'GET /torrent%73', 'HEAD /%73essions'],
    ...['POST /cast/token', 'POST /c%61st/token', 'GET /c%61st/devices', 'GET /c%61sting', 'POST /c%61sting/x/player'],
    ...[
      `GET /sessions/${id}/clip%73`,
      `GET /sessions/${id}/clips#`,
      `POST /sessions/${id}/%63lip`,
      'GET /cast/devices/%0a/status',
    ],
  ];
  for (const target of spellings) {
    assert.equal((await raw(app, [`${target} HTTP/1.1`, ...phone])).status, 403, target);
  }
  const evil = ['Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: navigate', 'Sec-Fetch-Dest: document'];
  const hash = 'a'.repeat(40);
  for (const path of ['torrents', '%74orrents', `torrents/${hash}/status#`]) {
    const target = path.includes(hash) ? path : `${path}/${hash}/status`;
    assert.equal((await raw(app, [`GET /${target} HTTP/1.1`, `Host: ${own}`, ...evil])).status, 403, target);
  }
  const issued = await fetch(`${app.url}/cast/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ sessionId: id }),
  });
  const device = [`Host: ${own}`, `X-Raffi-Cast-Token: ${String(at(await issued.text(), 'token'))}`];
  assert.equal((await raw(app, [`GET /sessions/${id}/stream.m3u8 HTTP/1.1`, ...device])).status, 200);
  const tricks = [
    `/sessions/${id}/clips#/init.mp4`,
    `/sessions/${id}/clips%23/init.mp4`,
    `/sessions/${id}#/stream.m3u8`,
  ];
  tricks.push(
    `/sessions/${id}/clips?/init.mp4`,
    `/sessions/${id}/subtitles/..%2fclips`,
    `/sessions/${id}/stream/..%2f..%2fclips`,
    `/sessions/${id}%2fstream.m3u8`,
  );
  for (const target of tricks)
    assert.equal((await raw(app, [`GET ${target} HTTP/1.1`, ...device])).status, 403, target);
});

test('a cookie is a guess like any other', async () => {
  const lanToken = 'correct-horse-battery';
  await using app = await startApp({ access: { lanToken, trustedProxies: ['127.0.0.1'] } });
  const call = (value: string) =>
    fetch(app.url, { headers: { 'x-forwarded-for': '192.168.1.66', cookie: `raffi_lan_token=${value}` } });
  const first = await call('old');
  assert.equal(first.status, 403);
  assert.match(first.headers.get('set-cookie') ?? '', /^raffi_lan_token=; .*Max-Age=0/u);
  for (let count = 1; count < 20; count += 1) assert.equal((await call(`guess-${count}`)).status, 403);
  assert.equal((await call('guess')).status, 429);
  assert.equal((await call(lanToken)).status, 429);
  app.wait(60_000);
  assert.equal((await call(lanToken)).status, 200);
});

test('a cookie tells nothing where the network is open and somebody guesses', async () => {
  const lanToken = 'correct-horse-battery';
  await using app = await startApp({ access: { lanToken, isLanOpen: true, trustedProxies: ['127.0.0.1'] } });
  const call = async (value: string) => {
    const headers = { 'x-forwarded-for': '192.168.1.66', cookie: `raffi_lan_token=${value}` };
    return (await fetch(`${app.url}/sessions`, { headers })).status;
  };
  assert.equal(await call(lanToken), 200);
  for (let count = 0; count < 20; count += 1) assert.equal(await call(`guess-${count}`), 403);
  assert.equal(await call('guess'), 429);
  assert.equal(await call(lanToken), 429);
  assert.equal((await fetch(app.url, { headers: { 'x-forwarded-for': '192.168.1.66' } })).status, 200);
});

test('a device that guesses the pairing token is not even heard after twenty tries', async () => {
  const lanToken = 'correct-horse-battery';
  await using app = await startApp({ access: { lanToken, trustedProxies: ['127.0.0.1'] } });
  const call = async (from: string, token: string) =>
    (await fetch(app.url, { headers: { 'x-forwarded-for': from, authorization: `Bearer ${token}` } })).status;
  for (let count = 0; count < 20; count += 1) assert.equal(await call('192.168.1.66', `guess-${count}`), 401);
  assert.equal(await call('192.168.1.66', 'guess'), 429);
  assert.equal(await call('192.168.1.66', lanToken), 429);
  assert.equal(await call('192.168.1.20', lanToken), 200);
  app.wait(60_000);
  assert.equal(await call('192.168.1.66', lanToken), 200);
});

test('what is written about the caller by strangers is not believed', async () => {
  await using app = await startApp({ access: { isLanOpen: false } });
  const spoofed = { 'x-forwarded-for': '8.8.8.8', forwarded: 'for=8.8.8.8', 'x-real-ip': '8.8.8.8' };
  assert.equal((await fetch(app.url, { headers: spoofed })).status, 200);
  await using proxied = await startApp({ access: { trustedProxies: ['10.0.0.0/8'] } });
  assert.equal((await fetch(proxied.url, { headers: spoofed })).status, 200);
});
