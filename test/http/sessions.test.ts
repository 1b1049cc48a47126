import assert from 'node:assert/strict';
import { test } from 'node:test';

import { AppError } from '../../src/base/app-error.ts';
import { at } from './json.ts';
import { startApp } from './running-app.ts';

const JSON_BODY = { 'content-type': 'application/json' };

async function post(url: string, body: unknown): Promise<{ status: number; text: string }> {
  const reply = await fetch(url, { method: 'POST', headers: JSON_BODY, body: JSON.stringify(body) });
  return { status: reply.status, text: await reply.text() };
}

async function get(url: string): Promise<{ status: number; text: string }> {
  const reply = await fetch(url);
  return { status: reply.status, text: await reply.text() };
}

test('both documented bodies make a session', async () => {
  await using app = await startApp();
  for (const body of [
    { source: app.film, kind: 'http', startTime: 0, fileIdx: null },
    { uri: app.film, type: 'file', quality: '1080p' },
    { source: `file://${app.film}` },
    { source: 'http://127.0.0.1:1/film.mkv', headers: { Referer: 'http://x/' } },
  ]) {
    const { status, text } = await post(`${app.url}/sessions`, body);
    assert.equal(status, 200, text);
    const id = String(at(text, 'id'));
    assert.match(id, /^[\w-]{22,}$/u);
    assert.equal(at(text, 'streamUrl'), `${app.url}/sessions/${id}/stream.m3u8`);
    assert.equal(at(text, 'status'), 'starting');
  }
});

test('making a session waits for nothing', async () => {
  await using app = await startApp();
  app.files.openGate = Promise.withResolvers<void>().promise;
  const before = performance.now();
  await app.session();
  assert.ok(performance.now() - before < 500);
});

test('what is wrong with a body is said with the name of the field, and nothing is made', async () => {
  await using app = await startApp();
  const cases: [unknown, RegExp][] = [
    [{}, /"source"/u],
    [[], /JSON object/u],
    [null, /JSON object/u],
    [{ source: '' }, /"source" must not be empty/u],
    [{ source: 7 }, /"source" must be a text/u],
    [{ source: app.film, kind: 'ftp' }, /"kind" must be one of http, torrent, file/u],
    [{ source: app.film, startTime: 'soon' }, /"startTime" must be a number/u],
    [{ source: app.film, startTime: -1 }, /"startTime" must be >= 0/u],
    [{ source: app.film, fileIdx: 1.5 }, /"fileIdx" must be a whole number/u],
    [{ source: app.film, quality: '4000p' }, /"quality" must be one of/u],
    [{ source: app.film, headers: { Cookie: 5 } }, /"headers.Cookie" must be a text/u],
    [{ source: 'gopher://x' }, /gopher/u],
  ];
  for (const [body, sentence] of cases) {
    const { status, text } = await post(`${app.url}/sessions`, body);
    assert.equal(status, 400, text);
    assert.match(String(at(text, 'error')), sentence);
  }
  const missing = await post(`${app.url}/sessions`, { source: '/no/such/film.mkv' });
  assert.equal(missing.status, 404);
  assert.equal(app.sessions.count, 0);
});

test('the answer about a session has the fields of both documents', async () => {
  await using app = await startApp();
  const id = await app.session({ startTime: 12 });
  const { status, text } = await get(`${app.url}/sessions/${id}`);
  assert.equal(status, 200);
  const expected = {
    id,
    source: app.film,
    kind: 'http',
    startTime: 12,
    status: 'ready',
    durationSeconds: 60,
    audioIndex: 1,
    isTorrent: false,
    progress: 100,
    peers: 0,
    downloadSpeed: '0 B/s',
    fileSize: 12_345,
    'chapters.0.title': 'Opening',
    'chapters.0.endTime': 10,
    'availableStreams.0.language': 'ger',
    'availableStreams.1.index': 1,
    'availableStreams.1.type': 'audio',
    'availableStreams.1.codec': 'aac',
    'availableStreams.0.title': 'Deutsch',
    'why.0': 'a reason',
    'variants.1.name': '480p',
  };
  for (const [path, value] of Object.entries(expected)) assert.deepEqual(at(text, path), value, path);
});

test('the first question waits for the item, later ones do not', async () => {
  await using app = await startApp();
  const gate = Promise.withResolvers<void>();
  app.files.openGate = gate.promise;
  const id = await app.session();
  const first = get(`${app.url}/sessions/${id}`);
  setTimeout(() => gate.resolve(), 100);
  assert.equal(at((await first).text, 'durationSeconds'), 60);
});

test('a slow item is answered with what is known, and only the first question waits', async () => {
  await using app = await startApp({ infoHoldMs: 150 });
  app.files.openGate = Promise.withResolvers<void>().promise;
  const id = await app.session();
  const before = performance.now();
  const first = await get(`${app.url}/sessions/${id}`);
  const middle = performance.now();
  assert.ok(middle - before >= 140, `${middle - before} ms`);
  assert.deepEqual([first.status, at(first.text, 'status'), at(first.text, 'durationSeconds')], [200, 'starting', 0]);
  await get(`${app.url}/sessions/${id}`);
  assert.ok(performance.now() - middle < 120);
});

test('a failure is part of the answer, and a later question tries again', async () => {
  await using app = await startApp();
  app.files.failure = new AppError('NOT_MEDIA', 'This is not a film.');
  const id = await app.session();
  const failed = await get(`${app.url}/sessions/${id}`);
  assert.equal(failed.status, 200);
  assert.deepEqual([at(failed.text, 'status'), at(failed.text, 'error')], ['error', 'This is not a film.']);
  assert.equal((await get(`${app.url}/sessions/${id}/stream.m3u8`)).status, 422);
  assert.equal(app.files.opened.length, 1, 'not again within the cool-down');
  app.files.failure = undefined;
  app.wait(250);
  await get(`${app.url}/sessions/${id}/stream.m3u8`);
  assert.equal(at((await get(`${app.url}/sessions/${id}`)).text, 'status'), 'ready');
});

test('a clip that ends before it begins is refused at once, whatever the source is', async () => {
  await using app = await startApp();
  app.files.failure = new AppError('NOT_MEDIA', 'This is not a film.');
  const url = `${app.url}/sessions/${await app.session()}/clip`;
  const refused = await post(url, { start: 5, end: 1 });
  assert.deepEqual([refused.status, at(refused.text, 'code')], [400, 'BAD_REQUEST']);
  assert.match(String(at(refused.text, 'error')), /"end"/u);
  assert.equal(at((await post(url, { start: 1, end: 5 })).text, 'code'), 'NOT_MEDIA');
});

test('an unforeseen failure shows nothing of ours', async () => {
  await using app = await startApp();
  app.files.failure = new Error('secret at /home/me');
  const id = await app.session();
  const info = await get(`${app.url}/sessions/${id}`);
  const playlist = await get(`${app.url}/sessions/${id}/stream/child.m3u8`);
  assert.equal(playlist.status, 500);
  assert.equal(at(playlist.text, 'code'), 'INTERNAL');
  assert.doesNotMatch(info.text + playlist.text, /secret|home/u);
  assert.ok(app.log.some((line) => line.includes('secret')));
});

test('a session ends once, and what it held is closed', async () => {
  await using app = await startApp();
  const id = await app.session();
  await get(`${app.url}/sessions/${id}`);
  const end = () => fetch(`${app.url}/sessions/${id}`, { method: 'DELETE' });
  const first = await end();
  assert.deepEqual([first.status, await first.text()], [204, '']);
  assert.equal((await end()).status, 404);
  assert.equal((await get(`${app.url}/sessions/${id}`)).status, 404);
  assert.equal(app.files.closed, 1);
});

test('DELETE with a JSON content type and no body works, as many clients send it', async () => {
  await using app = await startApp();
  const id = await app.session();
  assert.equal((await fetch(`${app.url}/sessions/${id}`, { method: 'DELETE', headers: JSON_BODY })).status, 204);
});

test('sessions are listed for this machine', async () => {
  await using app = await startApp();
  const ids = [await app.session(), await app.session()];
  const { text } = await get(`${app.url}/sessions`);
  assert.deepEqual([at(text, '0.id'), at(text, '1.id')], ids);
});

test('there is a limit to sessions', async () => {
  await using app = await startApp();
  for (let count = 0; count < 20; count++) await app.session();
  const { status, text } = await post(`${app.url}/sessions`, { source: app.film });
  assert.deepEqual([status, at(text, 'code')], [429, 'TOO_MANY']);
});

test('an idle session lets go of its item and opens it again for the next request', async () => {
  await using app = await startApp();
  const id = await app.session();
  await get(`${app.url}/sessions/${id}`);
  app.wait(601_000);
  app.sessions.sweep();
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(app.files.closed, 1);
  assert.equal(at((await get(`${app.url}/sessions/${id}`)).text, 'durationSeconds'), 60);
  assert.equal((await get(`${app.url}/sessions/${id}/stream.m3u8`)).status, 200);
  assert.equal(app.files.opened.length, 2);
});

test('a session ends a day after its last request', async () => {
  await using app = await startApp();
  const id = await app.session();
  app.wait(23 * 3_600_000);
  assert.equal((await get(`${app.url}/sessions/${id}`)).status, 200);
  app.wait(23 * 3_600_000);
  app.sessions.sweep();
  assert.equal((await get(`${app.url}/sessions/${id}`)).status, 200);
  app.wait(25 * 3_600_000);
  app.sessions.sweep();
  assert.equal((await get(`${app.url}/sessions/${id}`)).status, 404);
});

test('secrets of a source are not in the log', async () => {
  await using app = await startApp();
  await app.session({ source: 'http://user:pass@127.0.0.1:1/film.mkv?token=abc', headers: { Cookie: 'sid=1' } });
  assert.ok(app.log.some((line) => line.includes('127.0.0.1:1/film.mkv')));
  assert.doesNotMatch(app.log.join(''), /pass|abc|sid/u);
});
