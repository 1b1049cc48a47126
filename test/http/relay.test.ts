// HLS of another server: passed on under names of our own, never encoded.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { startUpstream } from '../support/servers/hls-upstream.ts';
import { at } from './json.ts';
import { startApp } from './running-app.ts';

test('another server’s playlists and segments come through under other names', async () => {
  await using upstream = await startUpstream();
  await using app = await startApp({ items: upstream.items });
  const id = await app.session({ source: `${upstream.url}/top.m3u8?token=secret` });
  const info = await text(`${app.url}/sessions/${id}`);
  assert.deepEqual([at(info, 'durationSeconds'), at(info, 'status')], [10.25, 'ready']);
  assert.deepEqual([at(info, 'availableStreams.0.language'), at(info, 'availableStreams.1.title')], ['en', 'Deutsch']);
  for (const path of ['stream.m3u8', 'stream/child.m3u8', 'stream']) {
    const top = `${app.url}/sessions/${id}/${path}`;
    const playlist = await text(top);
    assert.doesNotMatch(playlist, /secret|127\.0\.0\.1|video/u);
    const child = uris(playlist, top)[0] ?? '';
    const media = await text(child);
    assert.doesNotMatch(media, /one|init/u);
    const [one = '', two = ''] = uris(media, child);
    assert.equal(await text(one), 'the first segment');
    assert.equal(await text(two), 'the second segment');
    const head = await fetch(two, { method: 'HEAD' });
    assert.deepEqual([head.status, head.headers.get('content-length')], [200, '18']);
    const part = await fetch(two, { headers: { range: 'bytes=4-9' } });
    assert.deepEqual(
      [part.status, part.headers.get('content-range'), await part.text()],
      [206, 'bytes 4-9/18', 'second'],
    );
  }
});

test('a seek and a chosen track are written into the playlist', async () => {
  await using upstream = await startUpstream();
  await using app = await startApp({ items: upstream.items });
  const id = await app.session({ source: `${upstream.url}/top.m3u8` });
  const child = `${app.url}/sessions/${id}/stream/child.m3u8`;
  assert.match(await text(`${child}?seek=99&seek_id=a`), /^#EXT-X-START:TIME-OFFSET=10\.250,PRECISE=YES$/mu);
  const choose = (index: number) =>
    fetch(`${app.url}/sessions/${id}/audio`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ index }),
    });
  assert.equal((await choose(2)).status, 400);
  assert.equal((await choose(1)).status, 200);
  assert.match(await text(child), /LANGUAGE="de".*DEFAULT=YES/u);
});

test('names outlive a restart, and only what a playlist named can be fetched', async () => {
  await using upstream = await startUpstream();
  await using first = await startApp({ items: upstream.items });
  const source = `${upstream.url}/top.m3u8`;
  const before = await first.session({ source });
  const top = `${first.url}/sessions/${before}/stream.m3u8`;
  const child = uris(await text(top), top)[0] ?? '';
  const two = new URL(uris(await text(child), child)[1] ?? '').pathname.split('/').at(-1);
  await using second = await startApp({ items: upstream.items });
  const after = await second.session({ source });
  assert.equal(await text(`${second.url}/sessions/${after}/stream/${two}`), 'the second segment');
  for (const name of ['one.m4s', 'AAAAAAAAAAAAAAAAAAAAAA.m4s', 'AAAAAAAAAAAAAAAAAAAAAA.m3u8', 'x'.repeat(300)]) {
    assert.equal((await fetch(`${second.url}/sessions/${after}/stream/${name}`)).status, 404, name);
  }
  assert.equal((await fetch(`${second.url}/sessions/${after}/original/playlist.m3u8`)).status, 404);
});

async function text(url: string): Promise<string> {
  const reply = await fetch(url);
  assert.equal(reply.status, 200, url);
  return reply.text();
}

function uris(playlist: string, base: string): string[] {
  const lines = playlist.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line) => new URL(line, base).href);
}
