// Playlists and subtitles go out compressed to those who take them so, and only then.
import assert from 'node:assert/strict';
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';

import { acceptsGzip } from '../../../src/http/reply/compression.ts';
import { startApp } from '../running-app.ts';

interface Got {
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/** The bytes as they are on the wire. */
async function get(url: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Got> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    request(url, { headers, method }, resolve).once('error', reject).end();
  });
  return { status: response.statusCode ?? 0, headers: response.headers, body: await buffer(response) };
}

/** A token of this length makes every address long, and with it the playlist. */
const LONG = `lan_token=${'x'.repeat(200)}`;
const GZIP = { 'accept-encoding': 'gzip, deflate, br' };

test('a long playlist is compressed for those who take it so', async () => {
  await using app = await startApp();
  const id = await app.session();
  for (const path of ['original/playlist.m3u8', 'stream/child.m3u8']) {
    const url = `${app.url}/sessions/${id}/${path}?${LONG}`;
    const plain = await get(url);
    assert.equal(plain.headers['content-encoding'], undefined);
    assert.equal(plain.headers['content-length'], String(plain.body.length));
    const packed = await get(url, GZIP);
    assert.deepEqual([packed.status, packed.headers['content-encoding']], [200, 'gzip']);
    assert.equal(packed.headers['content-type'], 'application/vnd.apple.mpegurl');
    assert.equal(packed.headers['content-length'], String(packed.body.length));
    assert.ok(packed.body.length < plain.body.length / 4);
    assert.ok(gunzipSync(packed.body).equals(plain.body));
    const head = await get(url, GZIP, 'HEAD');
    for (const name of ['content-encoding', 'content-length', 'content-type', 'vary'])
      assert.equal(head.headers[name], packed.headers[name], name);
    assert.equal(head.body.length, 0);
  }
});

test('a short playlist stays as it is', async () => {
  await using app = await startApp();
  const short = await get(`${app.url}/sessions/${await app.session()}/stream.m3u8`, GZIP);
  assert.equal(short.headers['content-encoding'], undefined);
  assert.match(short.body.toString(), /^#EXTM3U/);
});

test('caches are told what a playlist depends on', async () => {
  await using app = await startApp();
  const url = `${app.url}/sessions/${await app.session()}/original/playlist.m3u8`;
  const origin = 'http://localhost:5173';
  for (const headers of [{}, GZIP]) {
    assert.equal((await get(url, headers)).headers.vary, 'Origin, Accept-Encoding');
    const allowed = await get(`${url}?${LONG}`, { ...headers, origin });
    assert.equal(allowed.headers.vary, 'Origin, Accept-Encoding');
    assert.equal(allowed.headers['access-control-allow-origin'], origin);
  }
});

test('a whole subtitle track is compressed under a tag of its own, a range of it is not', async () => {
  await using app = await startApp();
  app.files.subtitles = `WEBVTT\n\n${'00:01.000 --> 00:02.000\nWords\n\n'.repeat(200)}`;
  const url = `${app.url}/sessions/${await app.session()}/subtitles/0.vtt`;
  const plain = await get(url);
  assert.deepEqual([plain.headers['content-encoding'], plain.headers.etag], [undefined, '"text"']);
  const packed = await get(url, GZIP);
  assert.deepEqual([packed.headers['content-encoding'], packed.headers.etag], ['gzip', '"text-gzip"']);
  assert.equal(gunzipSync(packed.body).toString(), app.files.subtitles);
  assert.equal(packed.headers['content-length'], String(packed.body.length));
  assert.equal(packed.headers.vary, 'Origin, Accept-Encoding');
  const known = await get(url, { ...GZIP, 'if-none-match': '"text-gzip"' });
  assert.equal(known.status, 304);
  const part = await get(url, { ...GZIP, range: 'bytes=0-5' });
  assert.deepEqual([part.status, part.headers['content-encoding'], part.body.toString()], [206, undefined, 'WEBVTT']);
  assert.equal(part.headers.vary, 'Origin, Accept-Encoding');
});

test('segments and JSON stay as they are', async () => {
  await using app = await startApp();
  const id = await app.session();
  for (const path of ['original/0.m4s', 'original/segment0.m4s', '']) {
    const reply = await get(`${app.url}/sessions/${id}/${path}`, GZIP);
    assert.equal(reply.headers['content-encoding'], undefined);
  }
});

test('what a client accepts is read with its weights', () => {
  const takes: [string | undefined, boolean][] = [
    [undefined, false],
    ['', false],
    ['gzip', true],
    ['GZIP', true],
    ['x-gzip', true],
    ['deflate, br', false],
    ['deflate, gzip;q=0.5', true],
    ['gzip;q=0', false],
    ['gzip; q=0.000, *', false],
    ['*', true],
    ['*;q=0', false],
    ['identity', false],
    ['identity;q=1, gzip;q=0.5', false],
    ['identity;q=0.5, gzip;q=1.0', true],
    ['gzip;q=nonsense', false],
    ['gzip;level=9', true],
  ];
  for (const [header, isTaken] of takes) assert.equal(acceptsGzip(header), isTaken, header ?? 'none');
});
