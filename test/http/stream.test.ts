import assert from 'node:assert/strict';
import { test } from 'node:test';

import { SEGMENTS, SEGMENT_BYTES, segmentBytes } from './file-presentation.ts';
import { at } from './json.ts';
import { startApp, type RunningApp } from './running-app.ts';

interface Got {
  status: number;
  headers: Headers;
  text: string;
  url: string;
}

async function get(url: string, init: RequestInit = {}): Promise<Got> {
  const reply = await fetch(url, init);
  return { status: reply.status, headers: reply.headers, text: await reply.text(), url: reply.url };
}

/** The URIs of a playlist as absolute addresses. */
function uris(playlist: Got): string[] {
  return playlist.text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => new URL(line, playlist.url).href);
}

async function bytes(url: string): Promise<Uint8Array> {
  return new Uint8Array(await (await fetch(url)).arrayBuffer());
}

async function chooseAudio(app: RunningApp, id: string, index: unknown): Promise<Got> {
  return get(`${app.url}/sessions/${id}/audio`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ index }),
  });
}

test('the multivariant playlist leads to every rendition and its segments', async () => {
  await using app = await startApp();
  const id = await app.session({ quality: '480p', startTime: 4 });
  const top = await get(`${app.url}/sessions/${id}/stream.m3u8`);
  assert.equal(top.headers.get('content-type'), 'application/vnd.apple.mpegurl');
  assert.equal(top.headers.get('cache-control'), 'no-store');
  assert.match(top.text, /#EXT-X-START:TIME-OFFSET=4\.000,PRECISE=YES/u);
  const [first = '', second = ''] = uris(top);
  assert.match(first, /\/480p\/playlist\.m3u8$/u);
  assert.match(second, /\/original\/playlist\.m3u8$/u);
  const media = await get(first);
  assert.equal(uris(media).length, SEGMENTS);
  const init = await fetch(new URL('init.mp4', first));
  assert.deepEqual([init.headers.get('content-type'), await init.text()], ['video/mp4', 'init of 480p']);
  const segment = await fetch(uris(media)[7] ?? '');
  assert.equal(segment.headers.get('content-type'), 'video/mp4');
  assert.equal(segment.headers.get('cache-control'), 'public, max-age=31536000, immutable');
  assert.equal(segment.headers.get('x-content-type-options'), 'nosniff');
  assert.deepEqual(new Uint8Array(await segment.arrayBuffer()), new Uint8Array(segmentBytes('480p', 7)));
});

test('the muxed playlist leads to its segments from each of its addresses', async () => {
  await using app = await startApp();
  const id = await app.session();
  for (const path of [
    'stream',
    'stream/child.m3u8',
    'stream?stream=child.m3u8',
    'stream?seek=3&seek_id=x&force_slice=1',
  ]) {
    const playlist = await get(`${app.url}/sessions/${id}/${path}`);
    assert.equal(playlist.status, 200, path);
    assert.equal(playlist.headers.get('x-raffi-slice-start'), '0.000');
    const found = uris(playlist);
    assert.equal(found.length, SEGMENTS);
    const reply = await fetch(found[5] ?? '');
    assert.equal(reply.headers.get('content-type'), 'video/mp2t');
    assert.deepEqual(new Uint8Array(await reply.arrayBuffer()), new Uint8Array(segmentBytes('muxed-1', 5)), path);
  }
});

test('a seek says where to begin, within the film', async () => {
  await using app = await startApp();
  const id = await app.session();
  const begin = async (query: string) => {
    const playlist = await get(`${app.url}/sessions/${id}/stream/child.m3u8?${query}`);
    return /TIME-OFFSET=([\d.]+),PRECISE=YES/u.exec(playlist.text)?.[1];
  };
  assert.equal(await begin('seek=31.5&seek_id=a'), '31.500');
  assert.equal(await begin('seek=7&seek_id=a'), '31.500', 'the same seek, the same answer');
  assert.equal(await begin('seek=1e9&seek_id=b'), '60.000');
  assert.equal(await begin('seek=-5&seek_id=c'), '0.000');
  for (const bad of ['soon', '', 'NaN', 'Infinity', '1,5']) {
    const reply = await get(`${app.url}/sessions/${id}/stream/child.m3u8?seek=${bad}`);
    assert.equal(reply.status, 400, bad);
    assert.match(String(at(reply.text, 'error')), /"seek"/u);
  }
});

test('without a seek the player is sent to the position of the session', async () => {
  await using app = await startApp();
  const id = await app.session({ startTime: 45 });
  const ask = (path: string) => get(`${app.url}/sessions/${id}/${path}`, { redirect: 'manual' });
  const target = (seconds: string, more = '') =>
    `/sessions/${id}/stream/child.m3u8?${more}seek=${seconds}&seek_id=auto`;
  const first = await ask('stream/child.m3u8?more=t');
  assert.deepEqual([first.status, first.headers.get('location')], [302, target('45.000', 'more=t&')]);
  assert.equal((await ask('stream')).headers.get('location'), target('45.000'));
  await ask('stream/child.m3u8?seek=10&seek_id=s1');
  assert.equal((await ask('stream/child.m3u8')).headers.get('location'), target('10.000'));
  const followed = await get(`${app.url}/sessions/${id}/stream/child.m3u8`);
  assert.match(followed.text, /TIME-OFFSET=10\.000/u);
  assert.match(followed.url, /seek=10/u);
});

test('a change of the audio track resumes at the playhead, in the new track', async () => {
  await using app = await startApp();
  const id = await app.session();
  const playlist = await get(`${app.url}/sessions/${id}/stream/child.m3u8?seek=30&seek_id=a`);
  for (const number of [15, 16, 17, 18]) await bytes(uris(playlist)[number] ?? '');
  app.wait(5000);
  assert.equal((await chooseAudio(app, id, 0)).status, 200);
  const resumed = await get(`${app.url}/sessions/${id}/stream/child.m3u8`);
  const seconds = Number(/TIME-OFFSET=([\d.]+)/u.exec(resumed.text)?.[1]);
  assert.ok(seconds >= 35 && seconds < 38, `resumed at ${seconds}`);
  assert.deepEqual(await bytes(uris(resumed)[3] ?? ''), new Uint8Array(segmentBytes('muxed-0', 3)));
  assert.deepEqual(
    await bytes(uris(playlist)[3] ?? ''),
    new Uint8Array(segmentBytes('muxed-1', 3)),
    'old names keep their track',
  );
  assert.equal(at((await get(`${app.url}/sessions/${id}`)).text, 'audioIndex'), 0);
});

test('an audio track that is not there changes nothing', async () => {
  await using app = await startApp();
  const id = await app.session();
  for (const index of [2, -1, 0.5, '0', null]) {
    const reply = await chooseAudio(app, id, index);
    assert.equal(reply.status, 400, String(index));
    assert.match(String(at(reply.text, 'error')), /"index"/u);
  }
  assert.equal((await chooseAudio(app, 'nobody', 0)).status, 404);
  assert.equal(at((await get(`${app.url}/sessions/${id}`)).text, 'audioIndex'), 1);
});

test('plain names of segments mean the current track; unknown names are 404', async () => {
  await using app = await startApp();
  const id = await app.session();
  const file = (name: string) => fetch(`${app.url}/sessions/${id}/${name}`);
  for (const name of ['stream/segment00004.ts', 'stream/segment4.ts', 'stream?stream=segment4.ts']) {
    assert.deepEqual(
      new Uint8Array(await (await file(name)).arrayBuffer()),
      new Uint8Array(segmentBytes('muxed-1', 4)),
      name,
    );
  }
  const unknown = [
    'stream/segment-a2-00000.ts',
    `stream/segment${SEGMENTS}.ts`,
    'stream/segment-1.ts',
    'stream/..%2F..%2Fetc%2Fpasswd',
  ];
  unknown.push(
    'stream/other.ts',
    'original/segment1.ts',
    `original/segment${SEGMENTS}.m4s`,
    'nothing/playlist.m3u8',
    'nothing/init.mp4',
    'original/x',
  );
  unknown.push('stream/segment99999999999999999999.ts', 'original/segment1.m4s.bak');
  unknown.push('stream?stream=../../etc/passwd', 'stream?stream=..%2f..%2fsegment4.ts', 'stream/..%5csegment4.ts');
  unknown.push('stream/%252e%252e%252fsegment4.ts', 'stream/....%2f%2fsegment4.ts', 'stream/segment4.ts%00.m4s');
  for (const name of unknown) {
    const reply = await file(name);
    assert.equal(reply.status, 404, name);
    assert.equal(at(await reply.text(), 'code'), 'NOT_FOUND', name);
  }
});

test('a playlist asked for while the item is being opened waits for it', async () => {
  await using app = await startApp();
  const gate = Promise.withResolvers<void>();
  app.files.openGate = gate.promise;
  const id = await app.session();
  const playlist = get(`${app.url}/sessions/${id}/stream/child.m3u8`);
  setTimeout(() => gate.resolve(), 100);
  assert.equal((await playlist).status, 200);
});

test('a segment that is not made yet is waited for, and a client that leaves ends the wait', async () => {
  await using app = await startApp();
  const gate = Promise.withResolvers<void>();
  app.files.gate = gate.promise;
  const id = await app.session();
  const leaving = new AbortController();
  const left = fetch(`${app.url}/sessions/${id}/stream/segment3.ts`, { signal: leaving.signal });
  const stayed = bytes(`${app.url}/sessions/${id}/stream/segment4.ts`);
  await until(() => app.files.wishes.length === 2);
  leaving.abort();
  await assert.rejects(left);
  const wish = app.files.wishes.find((each) => each.number === 3);
  await until(() => wish?.signal.aborted === true);
  assert.equal(wish?.viewer, id);
  gate.resolve();
  assert.deepEqual(await stayed, new Uint8Array(segmentBytes('muxed-1', 4)));
});

test('a newer seek ends the wait for segments only the older place wanted', async () => {
  await using app = await startApp();
  app.files.gate = Promise.withResolvers<void>().promise;
  const id = await app.session();
  await get(`${app.url}/sessions/${id}/stream/child.m3u8?seek=0&seek_id=a`);
  const behind = get(`${app.url}/sessions/${id}/stream/segment2.ts`);
  const leaving = new AbortController();
  const there = fetch(`${app.url}/sessions/${id}/stream/segment21.ts`, { signal: leaving.signal });
  await until(() => app.files.wishes.length === 2);
  await get(`${app.url}/sessions/${id}/stream/child.m3u8?seek=40&seek_id=b`);
  const ended = await behind;
  assert.deepEqual([ended.status, ended.headers.get('retry-after')], [503, '1']);
  const aborted = (number: number) => app.files.wishes.find((each) => each.number === number)?.signal.aborted;
  assert.deepEqual([aborted(2), aborted(21)], [true, false]);
  leaving.abort();
  await assert.rejects(there);
});

test('a segment that cannot be made is one bad answer, and the next one is fine', async () => {
  await using app = await startApp();
  const id = await app.session();
  const broken = await get(`${app.url}/sessions/${id}/stream/segment${SEGMENTS - 1}.ts`);
  assert.deepEqual([broken.status, at(broken.text, 'error')], [500, 'This part of the film is broken.']);
  assert.equal(broken.headers.get('cache-control'), 'no-store');
  assert.equal((await bytes(`${app.url}/sessions/${id}/stream/segment1.ts`)).byteLength, SEGMENT_BYTES);
});

test('somebody who watches makes the session streaming', async () => {
  await using app = await startApp();
  const id = await app.session();
  await bytes(`${app.url}/sessions/${id}/stream/segment1.ts`);
  assert.equal(at((await get(`${app.url}/sessions/${id}`)).text, 'status'), 'streaming');
  app.wait(31_000);
  assert.equal(at((await get(`${app.url}/sessions/${id}`)).text, 'status'), 'ready');
});

async function until(isSo: () => boolean): Promise<void> {
  for (let tries = 0; !isSo(); tries++) {
    assert.ok(tries < 500, 'it never came to be');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
