// Every API call over HTTP, with the possible mistakes of each. The first test fails when a call is missing from the list.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, suite, test } from 'node:test';

import { FakeReceiver } from '../cast/fake-receiver.ts';
import { at } from '../http/json.ts';
import { clip } from '../support/clips/clips.ts';
import { TemporaryClips } from '../media/index/temporary-clips.ts';
import { torrentOf } from '../support/peers/torrent-files.ts';
import { newSession, startServer, type ServerProcess } from '../support/servers/server-process.ts';

interface Call {
  /** Method and path of the API description. */
  name: string;
  /** Replaces the path, or completes it below the session; default: the path with the id of the session. */
  path?: string;
  body?: Record<string, unknown>;
  raw?: { type: string; bytes: Buffer };
  headers?: Record<string, string>;
  status?: number;
  type?: RegExp;
}

const JSON_TYPE = /^application\/json/u;
const PLAYLIST = /^application\/vnd\.apple\.mpegurl/u;
const TORRENT = torrentOf(Buffer.alloc(100_000, 'film'), { name: 'film.mkv' });
const HASH = TORRENT.infoHash;

suite('every call', () => {
  const stack = new AsyncDisposableStack();
  let server: ServerProcess;
  let session: string;
  let source: string;

  before(async () => {
    const receiver = stack.use(await FakeReceiver.start());
    receiver.faults = { isBlind: true };
    const clips = stack.use(await TemporaryClips.create());
    const catalogue = createServer((_request, response) => response.end('[]')).listen(0, '127.0.0.1');
    await once(catalogue, 'listening');
    stack.defer(() => void catalogue.close());
    const address = catalogue.address();
    assert.ok(address !== null && typeof address === 'object');
    server = stack.use(
      await startServer({
        env: {
          RAFFI_CAST_DEVICES: `TV@127.0.0.1:${receiver.port}`,
          RAFFI_CAST_DISCOVERY: 'off',
          RAFFI_ADDON_CATALOGUES: `http://127.0.0.1:${address.port}/`,
          RAFFI_CLIPS_DIR: clips.path('clips'),
          ...Object.fromEntries(
            ['DHT', 'LSD', 'TRACKERS', 'PORT_MAPPING'].map((name) => [`RAFFI_TORRENT_${name}`, '0']),
          ),
        },
      }),
    );
    source = await clip('mkv-two-audio');
    session = await newSession(server.url, { source });
    await fetch(`${server.url}/torrents`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-bittorrent' },
      body: Uint8Array.from(TORRENT.metainfo),
    });
    await allReady();
  });
  after(() => stack.disposeAsync());

  /** Waits until all parts are ready. The torrent engine starts with the first torrent, which takes some time. */
  async function allReady(): Promise<void> {
    for (let tries = 0; tries < 600; tries += 1) {
      if ((await fetch(`${server.url}/ready`)).ok) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** In an order in which each call finds what it needs. */
  function calls(): Call[] {
    const tv = '/cast/devices/tv';
    return [
      { name: 'GET /', type: JSON_TYPE },
      { name: 'GET /health', type: JSON_TYPE },
      { name: 'GET /ready', type: JSON_TYPE },
      { name: 'GET /metrics', type: /^text\/plain/u },
      { name: 'GET /openapi.json', type: JSON_TYPE },
      { name: 'GET /docs', type: /^text\/html/u },
      { name: 'GET /community-addons', type: JSON_TYPE },
      { name: 'POST /sessions', body: { source }, type: JSON_TYPE },
      { name: 'GET /sessions', type: JSON_TYPE },
      { name: 'GET /sessions/{id}', type: JSON_TYPE },
      { name: 'POST /sessions/{id}/audio', body: { index: 1 }, type: JSON_TYPE },
      { name: 'GET /sessions/{id}/stream.m3u8', type: PLAYLIST },
      { name: 'GET /sessions/{id}/{rendition}/playlist.m3u8', path: 'original/playlist.m3u8', type: PLAYLIST },
      { name: 'GET /sessions/{id}/{rendition}/init.mp4', path: 'original/init.mp4', type: /^video\/mp4/u },
      { name: 'GET /sessions/{id}/{rendition}/{segment}', path: 'audio-1/segment00000.m4s', type: /^video\/mp4/u },
      { name: 'GET /sessions/{id}/stream', type: PLAYLIST },
      { name: 'GET /sessions/{id}/stream/child.m3u8', type: PLAYLIST },
      { name: 'GET /sessions/{id}/stream/{name}', path: 'stream/segment-a1-00000.ts', type: /^video\/mp2t/u },
      { name: 'GET /sessions/{id}/subtitles/{name}', path: 'subtitles/0.vtt', type: /^text\/vtt; charset=utf-8/u },
      { name: 'POST /sessions/{id}/clip', body: { start: 1, end: 1.5 }, type: JSON_TYPE },
      { name: 'GET /sessions/{id}/clips', type: JSON_TYPE },
      { name: 'POST /cast/token', body: { sessionId: session }, type: JSON_TYPE },
      { name: 'GET /cast/devices', type: JSON_TYPE },
      { name: 'POST /cast/devices/{id}/play', path: `${tv}/play`, body: { sessionId: session }, type: JSON_TYPE },
      { name: 'GET /cast/devices/{id}/status', path: `${tv}/status`, type: JSON_TYPE },
      { name: 'POST /cast/devices/{id}/pause', path: `${tv}/pause`, type: JSON_TYPE },
      { name: 'POST /cast/devices/{id}/resume', path: `${tv}/resume`, type: JSON_TYPE },
      { name: 'POST /cast/devices/{id}/seek', path: `${tv}/seek`, body: { position: 9 }, type: JSON_TYPE },
      {
        name: 'POST /cast/devices/{id}/subtitles',
        path: `${tv}/subtitles`,
        body: { subtitleTrack: 0 },
        type: JSON_TYPE,
      },
      { name: 'POST /cast/devices/{id}/volume', path: `${tv}/volume`, body: { level: 0.5 }, type: JSON_TYPE },
      { name: 'POST /cast/devices/{id}/stop', path: `${tv}/stop`, type: JSON_TYPE },
      { name: 'GET /casting', type: JSON_TYPE },
      { name: 'GET /casting/{id}/player', path: '/casting/tv/player', type: JSON_TYPE },
      { name: 'POST /casting/{id}/player', path: '/casting/tv/player', body: { source }, type: JSON_TYPE },
      { name: 'POST /torrents', raw: { type: 'application/x-bittorrent', bytes: TORRENT.metainfo }, type: JSON_TYPE },
      { name: 'GET /torrents', type: JSON_TYPE },
      { name: 'GET /torrents/{infoHash}/status', path: `/torrents/${HASH}/status`, type: JSON_TYPE },
      // No peer has the bytes: the replies are those that need none.
      { name: 'GET /torrents/{infoHash}', path: `/torrents/${HASH}`, headers: { range: 'bytes=999999-' }, status: 416 },
      {
        name: 'GET /torrents/{infoHash}/{fileIdx}',
        path: `/torrents/${HASH}/0`,
        headers: { range: 'bytes=999999-' },
        status: 416,
      },
      { name: 'DELETE /torrents/{infoHash}', path: `/torrents/${HASH}`, status: 204 },
      { name: 'DELETE /sessions/{id}', status: 204 },
      { name: 'POST /cleanup', path: '/cleanup?id=nobody' },
      { name: 'DELETE /cleanup', path: '/cleanup?id=nobody' },
    ];
  }

  function placeOf({ name, path }: Call): { method: string; url: string } {
    const [method = '', pattern = ''] = name.split(' ');
    const place = path === undefined || path.startsWith('/') ? path : `/sessions/${session}/${path}`;
    return { method, url: server.url + (place ?? pattern.replace('{id}', session)) };
  }

  function initOf(call: Call): RequestInit {
    const { body, raw, headers = {} } = call;
    const { method } = placeOf(call);
    if (raw !== undefined) return { method, headers: { 'content-type': raw.type }, body: Uint8Array.from(raw.bytes) };
    if (body === undefined) return { method, headers, redirect: 'follow' };
    return { method, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
  }

  async function fails(url: string, init: RequestInit, status: number): Promise<string> {
    const reply = await fetch(url, init);
    const text = await reply.text();
    const what = `${init.method} ${url.slice(server.url.length, 80)} ${text.slice(0, 200)}`;
    assert.equal(reply.status, status, what);
    assert.match(reply.headers.get('content-type') ?? '', JSON_TYPE, what);
    assert.match(String(at(text, 'error')), /^[A-Z].+[^.]$/u, what);
    assert.match(String(at(text, 'code')), /^[A-Z_]+$/u, what);
    return text;
  }

  test('the list of calls is that of the API', async () => {
    const api: unknown = await (await fetch(`${server.url}/openapi.json`)).json();
    const paths = new Map(Object.entries(membersOf(membersOf(api)['paths'])));
    const names = [...paths].flatMap(([path, item]) =>
      ['get', 'post', 'delete'].flatMap((method) =>
        method in membersOf(item) ? [`${method.toUpperCase()} ${path}`] : [],
      ),
    );
    assert.deepEqual(
      calls()
        .map(({ name }) => name)
        .toSorted(),
      names.toSorted(),
    );
  });

  test('the mistakes that can be made with each of them are answered with the right status, in words', async () => {
    for (const call of calls()) {
      const { method, url } = placeOf(call);
      const refused = await fetch(url, { method: 'PATCH' });
      assert.equal(refused.status, 405, call.name);
      assert.ok((refused.headers.get('allow') ?? '').split(', ').includes(method), call.name);
      assert.equal(at(await refused.text(), 'code'), 'METHOD_NOT_ALLOWED');
      const init = initOf(call);
      const unknown = [session, HASH, '/tv/'].reduce(
        (text, id) => text.replace(id, id === '/tv/' ? '/nobody/' : 'nobody'),
        url,
      );
      if (unknown !== url) await fails(unknown, init, 404);
      if (call.body === undefined) continue;
      const json = { 'content-type': 'application/json' };
      await fails(url, { method, headers: json, body: '{"' }, 400);
      await fails(url, { method, headers: json, body: '[1]' }, 400);
      await fails(url, { method, headers: { 'content-type': 'text/plain' }, body: '{}' }, 415);
      await fails(url, { method, headers: json, body: JSON.stringify({ x: 'x'.repeat(300_000) }) }, 413);
      for (const [field, value] of Object.entries(call.body)) {
        // A schema allows either name of the source to be missing, so that one is enough.
        const rest = Object.fromEntries(Object.entries(call.body).filter(([name]) => name !== field));
        const wrong = { ...call.body, [field]: typeof value === 'string' ? 7 : 'x' };
        assert.match(
          await fails(url, { method, headers: json, body: JSON.stringify(wrong) }, 400),
          new RegExp(field, 'u'),
        );
        const mayBeMissing = field === 'level' || call.name === 'POST /casting/{id}/player';
        if (!mayBeMissing) await fails(url, { method, headers: json, body: JSON.stringify(rest) }, 400);
      }
    }
    const sessions: unknown = await (await fetch(`${server.url}/sessions`)).json();
    assert.equal(Array.isArray(sessions) && sessions.length, 1, 'no mistake made a session');
  });

  test('every call gets the right reply, and HEAD works where GET does', async () => {
    for (const call of calls()) {
      const { method, url } = placeOf(call);
      const reply = await fetch(url, initOf(call));
      const body = await reply.arrayBuffer();
      assert.equal(reply.status, call.status ?? 200, `${call.name} ${Buffer.from(body).toString('utf8', 0, 200)}`);
      if (call.type !== undefined) assert.match(reply.headers.get('content-type') ?? '', call.type, call.name);
      assert.equal(reply.headers.get('x-content-type-options'), 'nosniff', call.name);
      if (method !== 'GET') continue;
      const head = await fetch(url, { ...initOf(call), method: 'HEAD' });
      assert.deepEqual([head.status, (await head.arrayBuffer()).byteLength], [reply.status, 0], call.name);
      assert.equal(head.headers.get('content-type'), reply.headers.get('content-type'), call.name);
      const length = head.headers.get('content-length');
      // Counts and times in these replies change between two requests.
      if (length !== null && !/metrics|^GET \/$|status|sessions$|\{id\}$/u.test(call.name))
        assert.equal(Number(length), body.byteLength, call.name);
    }
  });
});

function membersOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}
