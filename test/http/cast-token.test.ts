// Cast tokens through HTTP: what they open, what they do not, and where they appear.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { at } from './json.ts';
import { startApp, type RunningApp } from './running-app.ts';

const DEVICE = { origin: 'https://www.gstatic.com', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' };

async function issue(app: RunningApp, body: Record<string, unknown>): Promise<{ status: number; text: string }> {
  const headers = { 'content-type': 'application/json' };
  const reply = await fetch(`${app.url}/cast/token`, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: reply.status, text: await reply.text() };
}

async function token(app: RunningApp, sessionId: string, more: Record<string, unknown> = {}): Promise<string> {
  return String(at((await issue(app, { sessionId, ...more })).text, 'token'));
}

async function get(url: string, init: RequestInit = {}): Promise<{ status: number; headers: Headers; text: string }> {
  const reply = await fetch(url, { headers: DEVICE, ...init });
  return { status: reply.status, headers: reply.headers, text: await reply.text() };
}

test('a token says where to play and until when', async () => {
  await using app = await startApp();
  const sessionId = await app.session();
  const seconds = async (wish: Record<string, unknown>) => {
    const { status, text } = await issue(app, { sessionId, ...wish });
    assert.equal(status, 200, text);
    assert.equal(Buffer.from(String(at(text, 'token')), 'base64url').length, 32);
    assert.equal(at(text, 'sessionUrl'), `${app.url}/sessions/${sessionId}`);
    assert.equal(
      at(text, 'streamUrl'),
      `${app.url}/sessions/${sessionId}/stream/child.m3u8?cast_token=${String(at(text, 'token'))}`,
    );
    return Math.round((Date.parse(String(at(text, 'expiresAt'))) - Date.now()) / 1000);
  };
  const rows: [Record<string, unknown>, number][] = [
    [{}, 900],
    [{ duration: 3600 }, 3600],
    [{ ttlSeconds: 60 }, 60],
    [{ duration: 1 }, 30],
    [{ ttlSeconds: 1e9 }, 86_400],
    [{ duration: null }, 900],
  ];
  for (const [wish, wanted] of rows) {
    const given = await seconds(wish);
    assert.ok(Math.abs(given - wanted) <= 2, `${JSON.stringify(wish)}: ${given}`);
  }
});

test('the address for devices is the one the owner set', async () => {
  for (const [castHost, base] of [
    ['192.168.1.5', /^http:\/\/192\.168\.1\.5:\d+\/sessions\//u],
    ['cast.example:8080', /^http:\/\/cast\.example:8080\/sessions\//u],
    ['fd00::5', /^http:\/\/\[fd00::5\]:\d+\/sessions\//u],
  ] as const) {
    await using app = await startApp({ castHost });
    const { text } = await issue(app, { sessionId: await app.session() });
    assert.match(String(at(text, 'streamUrl')), base);
  }
});

test('what is wrong with the wish is said, and no token is made', async () => {
  await using app = await startApp();
  const sessionId = await app.session();
  const rows: [Record<string, unknown>, number, RegExp][] = [
    [{}, 400, /"sessionId"/u],
    [{ sessionId: 'nobody' }, 404, /no such session/u],
    [{ sessionId: 7 }, 400, /"sessionId"/u],
    [{ sessionId, duration: -1 }, 400, /"duration"/u],
    [{ sessionId, ttlSeconds: 'long' }, 400, /"ttlSeconds"/u],
  ];
  for (const [body, status, sentence] of rows) {
    const reply = await issue(app, body);
    assert.equal(reply.status, status, reply.text);
    assert.match(String(at(reply.text, 'error')), sentence);
  }
});

test('a device plays with the token alone: every address in a playlist carries it', async () => {
  await using app = await startApp();
  const id = await app.session();
  const castToken = await token(app, id);
  const playlists = [
    'stream.m3u8',
    'original/playlist.m3u8',
    'stream',
    'stream/child.m3u8',
    'stream/child.m3u8?seek=12',
  ];
  for (const name of playlists) {
    const url = new URL(`${app.url}/sessions/${id}/${name}`);
    url.searchParams.set('cast_token', castToken);
    const { status, text, headers } = await get(url.href);
    assert.equal(status, 200, name);
    assert.equal(headers.get('access-control-allow-origin'), '*');
    assert.equal(headers.get('referrer-policy'), 'no-referrer');
    assert.equal(headers.get('cross-origin-resource-policy'), 'cross-origin');
    const inside = addresses(text);
    assert.ok(inside.length > 2, name);
    for (const address of inside) {
      const found = await get(new URL(address, url).href, { method: 'HEAD' });
      const isBroken = /00029\./u.test(address);
      assert.equal(found.status, isBroken ? found.status : 200, `${name}: ${address}`);
      assert.equal(new URL(address, url).searchParams.get('cast_token'), castToken);
    }
  }
});

test('a token in the header opens the playlist and goes on in its addresses', async () => {
  await using app = await startApp();
  const id = await app.session();
  const castToken = await token(app, id);
  const headers = { ...DEVICE, 'x-raffi-cast-token': castToken };
  const { status, text } = await get(`${app.url}/sessions/${id}/stream/child.m3u8`, { headers });
  assert.equal(status, 200);
  for (const address of addresses(text)) assert.match(address, /[?&]cast_token=/u);
});

test('HEAD, ranges, redirects and preflights work with a token', async () => {
  await using app = await startApp();
  const id = await app.session({ startTime: 30 });
  const castToken = await token(app, id);
  const base = `${app.url}/sessions/${id}`;
  const moved = await get(`${base}/stream/child.m3u8?cast_token=${castToken}`, { redirect: 'manual' });
  assert.equal(moved.status, 302);
  assert.match(moved.headers.get('location') ?? '', new RegExp(`[?&]cast_token=${castToken}`, 'u'));
  assert.equal(moved.headers.get('access-control-allow-origin'), '*');
  assert.equal((await get(`${base}/stream/child.m3u8?cast_token=${castToken}`)).status, 200);
  const head = await get(`${base}/stream/segment1.ts?cast_token=${castToken}`, { method: 'HEAD' });
  assert.deepEqual([head.status, head.text], [200, '']);
  const range = { ...DEVICE, range: 'bytes=10-19' };
  const part = await get(`${base}/stream/segment1.ts?cast_token=${castToken}`, { headers: range });
  assert.deepEqual([part.status, part.text.length], [206, 10]);
  const asking = { ...DEVICE, 'access-control-request-method': 'GET', 'access-control-request-headers': 'range' };
  const preflight = await get(`${base}/stream/segment1.ts?cast_token=${castToken}`, {
    method: 'OPTIONS',
    headers: asking,
  });
  assert.deepEqual([preflight.status, preflight.headers.get('access-control-allow-origin')], [204, '*']);
});

test('a token opens nothing else, and nothing of another session', async () => {
  await using app = await startApp();
  const [mine, other] = [await app.session(), await app.session()];
  const castToken = await token(app, mine);
  const call = async (path: string, method = 'GET') =>
    (await get(`${app.url}${path}?cast_token=${castToken}`, { method })).status;
  assert.equal(await call(`/sessions/${mine}/stream.m3u8`), 200);
  assert.equal(await call(`/sessions/${other}/stream.m3u8`), 401);
  assert.equal(await call(`/sessions/${mine}`), 403);
  assert.equal(await call(`/sessions/${mine}`, 'DELETE'), 403);
  assert.equal(await call(`/sessions/${mine}/audio`, 'POST'), 403);
  assert.equal(await call('/sessions'), 403);
  assert.equal(await call('/cast/token', 'POST'), 403);
  assert.equal(await call('/no/such/thing'), 403);
  assert.equal(app.sessions.count, 2);
});

test('a token ends with disuse and with its session, and lasts while it is used', async () => {
  await using app = await startApp();
  const id = await app.session();
  const status = async (castToken: string) =>
    (await get(`${app.url}/sessions/${id}/stream.m3u8?cast_token=${castToken}`)).status;
  const [used, unused] = [await token(app, id, { duration: 600 }), await token(app, id, { duration: 600 })];
  for (let minutes = 0; minutes < 125; minutes += 9) {
    assert.equal(await status(used), 200, `after ${minutes} minutes`);
    app.wait(9 * 60_000);
  }
  assert.equal(await status(unused), 401);
  const fresh = await token(app, id);
  assert.equal(await status(fresh), 200);
  await fetch(`${app.url}/cleanup?id=${id}`, { method: 'POST' });
  const gone = await get(`${app.url}/sessions/${id}/stream.m3u8?cast_token=${fresh}`);
  assert.equal(gone.status, 401);
  assert.equal(at(gone.text, 'code'), 'UNAUTHORIZED');
  assert.equal(gone.headers.get('access-control-allow-origin'), '*');
  assert.match(gone.headers.get('www-authenticate') ?? '', /^Bearer/u);
});

test('whoever guesses is told to wait, and the one who holds a token plays on', async () => {
  await using app = await startApp();
  const id = await app.session();
  const castToken = await token(app, id);
  const guess = (name: string) => get(`${app.url}/sessions/${id}/stream.m3u8?cast_token=${name}`);
  for (let count = 0; count < 20; count += 1) assert.equal((await guess(`guess-${count}`)).status, 401);
  const refused = await guess('guess-21');
  assert.equal(refused.status, 429);
  assert.ok(Number(refused.headers.get('retry-after')) >= 1);
  assert.equal((await guess(castToken)).status, 200);
  app.wait(60_000);
  assert.equal((await guess('guess-22')).status, 401);
});

test('no token is ever written to the log', async () => {
  await using app = await startApp();
  const id = await app.session();
  const castToken = await token(app, id);
  for (const path of ['stream.m3u8', 'stream/segment1.ts', 'stream/segment9.ts', 'nothing', 'stream/child.m3u8?seek=x'])
    await get(`${app.url}/sessions/${id}/${path}${path.includes('?') ? '&' : '?'}cast_token=${castToken}`);
  await get(`${app.url}/%ff?cast_token=${castToken}`);
  await fetch(`${app.url}/sessions/${id}`, { method: 'DELETE' });
  assert.ok(app.log.length > 0);
  assert.ok(!app.log.join('').includes(castToken));
});

/** Lines and URI attributes. */
function addresses(playlist: string): string[] {
  const lines = playlist.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return [...lines, ...[...playlist.matchAll(/URI="([^"]*)"/gu)].map((match) => match[1] ?? '')];
}
