// Torrents from a viewer's side: a magnet plays like a file, byte for byte, and its files are readable as bytes.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { basename, join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { after, before, suite, test } from 'node:test';

import { clip } from '../support/clips/clips.ts';
import { FaultServer, sampleBytes } from '../support/servers/fault-server.ts';
import { Seeder } from '../support/peers/seeder.ts';
import { torrentOf, type FileToShare, type MadeTorrent } from '../support/peers/torrent-files.ts';
import {
  assertSameBytes,
  copiedBytes,
  markedFilm,
  referenceBytes,
  type CopiedBytes,
} from '../support/judges/copied-bytes.ts';
import { decodedHashes } from '../support/judges/judge.ts';
import { startServer, type ServerProcess } from '../support/servers/server-process.ts';
import { until } from '../support/servers/server-children.ts';
import { magnetLink, openTorrent, readRange, torrentStatus } from '../support/peers/torrent-stage.ts';
import { bytesOf, membersOf, playlistOf, sessionInfo } from '../support/viewers/viewer.ts';

const MIB = 2 ** 20;
const PIECE = 256 * 1024;

suite('torrents', () => {
  const stack = new AsyncDisposableStack();
  let server: ServerProcess | undefined;
  const url = (): string => server?.url ?? assert.fail();

  before(async () => {
    server = stack.use(await startServer());
    // The first torrent starts the engine's process.
    const first = torrentOf(sampleBytes(1000, 1));
    const body = first.metainfo;
    await fetch(`${url()}/torrents`, { method: 'POST', headers: { 'content-type': 'application/x-bittorrent' }, body });
    await until(async () => (await fetch(`${url()}/ready`)).ok, 20_000, 'the engine is there');
  });
  after(() => stack.disposeAsync());

  async function shared(
    content: Uint8Array,
    name: string,
    bytesPerSecond = 0,
  ): Promise<{ torrent: MadeTorrent; seeder: Seeder }> {
    const torrent = torrentOf(content, { name, pieceBytes: PIECE });
    const seeder = stack.use(await Seeder.start([{ torrent, content }], { bytesPerSecond }));
    return { torrent, seeder };
  }

  test('a magnet with a known peer plays within seconds, the same segments as from a file, and ffmpeg finds no fault', async () => {
    const film = await markedFilm('by magnet');
    const reference: CopiedBytes = await referenceBytes(film);
    const { torrent, seeder } = await shared(film, 'Ein Film.mp4', 4 * MIB);
    const began = performance.now();
    const session = await openTorrent(url(), magnetLink(torrent, { peers: [seeder.address] }));
    const playlist = await playlistOf(`${session.url}/original/playlist.m3u8`);
    const playlistMs = performance.now() - began;
    await bytesOf(playlist.segments[0]?.uri ?? '');
    const segmentMs = performance.now() - began;
    console.log(
      `session ${session.answeredMs.toFixed(0)} ms, playlist ${playlistMs.toFixed(0)} ms, first segment ${segmentMs.toFixed(0)} ms`,
    );
    // The limits are three times those of an idle machine.
    assert.ok(playlistMs < 15_000 && segmentMs < 25_000, `${playlistMs} ms, ${segmentMs} ms`);
    assertSameBytes(await copiedBytes(session), reference);
    const verdict = await decodedHashes(`${session.url}/stream/child.m3u8`, ['0:v:0', '0:a:0']);
    assert.deepEqual(verdict.messages, []);
    assert.equal(verdict.hashes[0]?.length, 1439);

    const info = await sessionInfo(session);
    assert.deepEqual(
      [info['kind'], info['isTorrent'], info['torrentInfoHash'], info['fileSize'], info['progress']],
      ['torrent', true, torrent.infoHash, film.length, 100],
    );
    assert.match(String(info['downloadSpeed']), /^\d+(?:\.\d)? [kMG]?B\/s$/u);
    const status = await torrentStatus(url(), torrent);
    assert.deepEqual([status['stage'], status['ready'], status['progress'], status['error']], ['ready', true, 1, '']);
    assert.deepEqual(status['files'], [{ index: 0, name: 'Ein Film.mp4', length: film.length }]);
  });

  test('deleted while a session plays it, a torrent is fetched again for the next segment', async () => {
    const film = await markedFilm('deleted');
    const reference = await referenceBytes(film);
    const { torrent, seeder } = await shared(film, 'film.mp4');
    const session = await openTorrent(url(), magnetLink(torrent, { peers: [seeder.address] }));
    const { segments } = await playlistOf(`${session.url}/original/playlist.m3u8`);
    await bytesOf(segments[0]?.uri ?? '');
    const place = `${url()}/torrents/${torrent.infoHash}`;
    assert.equal((await fetch(place, { method: 'DELETE' })).status, 204);
    assert.equal((await fetch(place)).status, 404, 'nobody has asked for it yet');
    assertSameBytes(await copiedBytes(session), reference);
    assert.equal((await fetch(place, { method: 'HEAD' })).status, 200);
  });

  test('its bytes can be read as they are: whole, in ranges, one byte, none', async () => {
    const content = sampleBytes(3 * MIB + 77, 21);
    const { torrent, seeder } = await shared(content, 'Ünïcode "film".mkv');
    await openTorrent(url(), magnetLink(torrent, { peers: [seeder.address] }));
    const place = `${url()}/torrents/${torrent.infoHash}`;
    const one = await readRange(place, { start: 0, end: 1 });
    assert.deepEqual([...one.bytes], [content[0]]);
    console.log(`first byte ${one.firstByteMs.toFixed(0)} ms`);
    for (const { start, end } of [
      { start: 2 * MIB - 5, end: 2 * MIB + 70_000 },
      { start: content.length - 1, end: content.length },
      { start: 300, end: 400 },
    ])
      assert.ok((await readRange(place, { start, end })).bytes.equals(content.subarray(start, end)), `${start}`);
    const suffix = await fetch(place, { headers: { range: 'bytes=-10' } });
    assert.deepEqual(Buffer.from(await suffix.arrayBuffer()), Buffer.from(content.subarray(-10)));
    const beyond = await fetch(place, { headers: { range: `bytes=${content.length}-` } });
    assert.deepEqual([beyond.status, beyond.headers.get('content-range')], [416, `bytes */${content.length}`]);
    const head = await fetch(`${place}/0`, { method: 'HEAD' });
    const header = (name: string): string | null => head.headers.get(name);
    assert.deepEqual(
      [head.status, header('content-length'), header('content-type'), header('accept-ranges')],
      [200, String(content.length), 'video/x-matroska', 'bytes'],
    );
    assert.equal(
      header('content-disposition'),
      `inline; filename="_n_code _film_.mkv"; filename*=UTF-8''%C3%9Cn%C3%AFcode%20%22film%22.mkv`,
    );
    const again = await fetch(place, { headers: { 'if-none-match': header('etag') ?? '' } });
    assert.equal(again.status, 304);
    const other = await fetch(place, { headers: { 'if-range': '"other"', range: 'bytes=0-0' } });
    assert.equal(other.status, 200);
    assert.ok(Buffer.from(await other.arrayBuffer()).equals(content), 'the whole of it');
    for (const missing of [
      `${url()}/torrents/${'ab'.repeat(20)}`,
      `${place}/7`,
      `${place}/x`,
      `${url()}/torrents/nonsense`,
    ])
      assert.equal((await fetch(missing)).status, 404, missing);
  });

  test('a .torrent file is opened by its path, by its address, and handed in', async () => {
    const film = await readFile(await clip('mp4-faststart'));
    const { seeder, torrent } = await shared(film, 'one.mp4');
    // A magnet names the peers: the file itself has no tracker.
    await openTorrent(url(), magnetLink(torrent, { peers: [seeder.address] }));
    const path = join(server?.home.tmp ?? '', 'Der Film.torrent');
    await writeFile(path, torrent.metainfo);
    await using remote = await FaultServer.start(torrent.metainfo, { contentType: 'application/x-bittorrent' });
    const handedIn = await fetch(`${url()}/torrents`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-bittorrent' },
      body: torrent.metainfo,
    });
    assert.deepEqual(await handedIn.json(), {
      infoHash: torrent.infoHash,
      name: 'one.mp4',
      files: [{ index: 0, name: 'one.mp4', length: film.length }],
    });
    for (const source of [path, remote.url().replace('film.mkv', 'a.torrent'), torrent.infoHash]) {
      const session = await openTorrent(url(), source);
      const info = await sessionInfo(session);
      assert.deepEqual([info['status'], info['torrentInfoHash']], ['ready', torrent.infoHash], JSON.stringify(info));
    }
    const byName = await openTorrent(url(), remote.url(), { kind: 'torrent' });
    assert.equal((await sessionInfo(byName))['status'], 'ready', 'whatever the address is called');
  });

  test('of many files the named one plays, else the largest film, and several at once', async () => {
    const films = [await readFile(await clip('mp4-faststart')), await readFile(await clip('mkv-two-audio'))];
    const files: FileToShare[] = [
      { path: ['Readme.txt'], content: Buffer.from('read me') },
      { path: ['Pack', 'one.mp4'], content: films[0] ?? assert.fail() },
      { path: ['.pad', '0'], content: Buffer.alloc(1000), attr: 'p' },
      { path: ['Pack', 'two.mkv'], content: films[1] ?? assert.fail() },
      { path: ['Extras.zip'], content: sampleBytes(8 * MIB, 5) },
    ];
    const torrent = torrentOf(files, { pieceBytes: PIECE });
    const content = Buffer.concat(files.map((file) => file.content));
    const seeder = stack.use(await Seeder.start([{ torrent, content }]));
    const magnet = magnetLink(torrent, { peers: [seeder.address] });
    const largest = (films[0]?.length ?? 0) > (films[1]?.length ?? 0) ? 1 : 3;
    const [chosen, one, two, wrong] = await Promise.all([
      openTorrent(url(), magnet),
      openTorrent(url(), magnet, { fileIdx: 1 }),
      openTorrent(url(), magnet, { fileIdx: 3 }),
      openTorrent(url(), magnet, { fileIdx: 9 }),
    ]);
    const sizes = await Promise.all(
      [chosen, one, two].map(async (session) => (await sessionInfo(session))['fileSize']),
    );
    assert.deepEqual(sizes, [films[largest === 1 ? 0 : 1]?.length, films[0]?.length, films[1]?.length]);
    const refused = await sessionInfo(wrong);
    assert.equal(refused['status'], 'error');
    assert.match(String(refused['error']), /no file 9/u);
    const listed = (await torrentStatus(url(), torrent))['files'];
    assert.deepEqual(
      Array.isArray(listed) ? listed.map((file: unknown) => membersOf(file)['index']) : listed,
      [0, 1, 3, 4],
      'filler is not listed, and indexes stay',
    );
    for (const [index, { content: bytes }] of files.entries()) {
      if (index === 2) continue;
      const read = await bytesOf(`${url()}/torrents/${torrent.infoHash}/${index}`);
      assert.ok(read.equals(bytes), `file ${index}`);
    }
    const text = await fetch(`${url()}/torrents/${torrent.infoHash}/0?metadata=1`);
    assert.equal(text.headers.get('content-type'), 'text/plain; charset=utf-8');
  });

  test('the same magnet ten times at once is one torrent, and nine that end do not end the tenth', async () => {
    const film = await markedFilm('shared');
    const { torrent, seeder } = await shared(film, 'shared.mp4', 4 * MIB);
    const magnet = magnetLink(torrent, { peers: [seeder.address] });
    const sessions = await Promise.all(Array.from({ length: 10 }, () => openTorrent(url(), magnet)));
    const [last, ...others] = sessions;
    await Promise.all(sessions.map((session) => sessionInfo(session)));
    const list: unknown = await (await fetch(`${url()}/torrents`)).json();
    assert.ok(Array.isArray(list));
    assert.equal(list.filter((each: unknown) => membersOf(each)['infoHash'] === torrent.infoHash).length, 1);
    for (const session of others) assert.equal((await fetch(session.url, { method: 'DELETE' })).status, 204);
    const { segments } = await playlistOf(`${last?.url}/original/playlist.m3u8`);
    for (const { uri } of segments) await bytesOf(uri);
    assert.ok((await seeder.sentBytes()) < 1.2 * film.length, 'and it was fetched once');
  });

  test('two torrents with the same name have their own bytes', async () => {
    const contents = [sampleBytes(MIB, 31), sampleBytes(MIB, 32)];
    for (const content of contents) {
      const { torrent, seeder } = await shared(content, 'same name.mkv');
      await openTorrent(url(), magnetLink(torrent, { peers: [seeder.address] }));
      assert.ok((await bytesOf(`${url()}/torrents/${torrent.infoHash}`)).equals(content));
    }
  });

  test('a removed torrent is gone, its sessions fail with a sentence, and the torrent can be added again', async () => {
    const content = await markedFilm('removed');
    const { torrent, seeder } = await shared(content, 'removed.mp4');
    const magnet = magnetLink(torrent, { peers: [seeder.address] });
    const session = await openTorrent(url(), magnet);
    await sessionInfo(session);
    const place = `${url()}/torrents/${torrent.infoHash}`;
    assert.equal((await fetch(place, { method: 'DELETE' })).status, 204);
    assert.equal((await fetch(place, { method: 'DELETE' })).status, 404);
    assert.equal((await fetch(`${place}/status`)).status, 404);
    assert.equal((await fetch(session.url, { method: 'DELETE' })).status, 204);
    const again = await openTorrent(url(), magnet);
    assert.equal((await sessionInfo(again))['status'], 'ready');
  });

  test('a torrent is read in so many places at once, and a place that is left can be taken', async () => {
    // No peer has the bytes, so every response waits.
    const torrent = torrentOf(sampleBytes(MIB, 77), { name: 'nobody.mkv', pieceBytes: PIECE });
    const headers = { 'content-type': 'application/x-bittorrent' };
    await fetch(`${url()}/torrents`, { method: 'POST', headers, body: torrent.metainfo });
    const place = `${url()}/torrents/${torrent.infoHash}/0`;
    const [leaving, staying] = [new AbortController(), new AbortController()];
    const waiting = [leaving, ...Array.from({ length: 31 }, () => staying)].map(({ signal }) =>
      fetch(place, { signal }),
    );
    for (const each of waiting) each.catch(() => {});
    let refused: Response | undefined;
    await until(async () => (refused = await answered(place))?.status === 429, 10_000, 'the next one is refused');
    assert.match(String(refused?.headers.get('retry-after')), /^\d+$/u);
    assert.match(String(membersOf(await refused?.json())['error']), /too many places/u);
    leaving.abort();
    await until(async () => (await answered(place)) === undefined, 10_000, 'the place is free');
    staying.abort();
  });

  test('input that is not a torrent is refused with a sentence, and leaves nothing', async () => {
    const post = async (body: string | Buffer, type: string): Promise<unknown[]> => {
      const reply = await fetch(`${url()}/torrents`, { method: 'POST', headers: { 'content-type': type }, body });
      return [reply.status, membersOf(await reply.json())['code']];
    };
    assert.deepEqual(await post('garbage', 'application/x-bittorrent'), [400, 'SOURCE_UNUSABLE']);
    assert.deepEqual(await post('{}', 'application/json'), [415, 'UNSUPPORTED_CONTENT_TYPE']);
    assert.deepEqual(await post('', 'application/x-bittorrent'), [400, 'BAD_REQUEST']);
    assert.match(await answerToLength(url(), 11 * MIB), /^HTTP\/1\.1 413 .*BODY_TOO_LARGE/su);
    for (const source of ['magnet:?xt=urn:btih:nonsense', `magnet:?xt=urn:btmh:1220${'a'.repeat(64)}`]) {
      const reply = await fetch(`${url()}/sessions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ source }),
      });
      assert.equal(reply.status, 400, source);
    }
  });
});

/** The response, if one arrives soon. */
async function answered(place: string): Promise<Response | undefined> {
  return fetch(place, { signal: AbortSignal.timeout(300) }).catch(() => undefined);
}

/** The response to a torrent file of this size, before any of its bytes is sent. */
async function answerToLength(serverUrl: string, lengthBytes: number): Promise<string> {
  const { hostname, port, host } = new URL(serverUrl);
  const socket = connect(Number(port), hostname);
  const head = `POST /torrents HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\nContent-Type: application/x-bittorrent\r\n`;
  socket.write(`${head}Content-Length: ${lengthBytes}\r\n\r\n`);
  return textOf(socket);
}

test('a torrent that nobody has ends in an error when the limit has passed, and not before', async () => {
  await using server = await startServer({ env: { RAFFI_TORRENT_METADATA_LIMIT: '2s' } });
  const torrent = torrentOf(sampleBytes(1000, 9));
  const session = await openTorrent(server.url, magnetLink(torrent));
  assert.ok(session.answeredMs < 5000, `${session.answeredMs} ms`);
  await until(async () => (await fetch(`${server.url}/torrents/${torrent.infoHash}/status`)).ok, 5000, 'a status');
  const early = await torrentStatus(server.url, torrent);
  assert.deepEqual([early['stage'], early['error'], early['ready']], ['metadata', '', false]);
  const info = await sessionInfo(session);
  assert.equal(info['status'], 'error');
  assert.match(String(info['error']), /No peer was found within 2 s/u);
  const late = await torrentStatus(server.url, torrent);
  assert.equal(late['stage'], 'error');
  assert.match(String(late['error']), /No peer/u);
  const { code, milliseconds } = await server.end();
  assert.equal(code, 0);
  assert.ok(milliseconds < 5000, `${milliseconds} ms`);
  assert.equal(basename(server.home.tmp).startsWith('raffi'), true);
});

test('a torrent without sessions leaves the swarm after its time; downloaded bytes are still served', async () => {
  await using server = await startServer({ env: { RAFFI_TORRENT_SEED_TIME: '1s' } });
  const content = await markedFilm('left');
  const torrent = torrentOf(content, { name: 'film.mkv', pieceBytes: PIECE });
  const place = `${server.url}/torrents/${torrent.infoHash}`;
  await using seeder = await Seeder.start([{ torrent, content }]);
  const session = await openTorrent(server.url, magnetLink(torrent, { peers: [seeder.address] }));
  assert.ok((await bytesOf(place)).equals(content));
  assert.equal((await sessionInfo(session))['status'], 'ready');
  const isActive = async (): Promise<unknown> => (await torrentStatus(server.url, torrent))['isActive'];
  // The engine reports its state twice a second.
  await until(async () => (await isActive()) === true, 5000, 'it is in the swarm');
  assert.equal((await fetch(session.url, { method: 'DELETE' })).status, 204);
  await until(async () => (await isActive()) === false, 15_000, 'it left');
  await seeder[Symbol.asyncDispose]();
  assert.ok((await bytesOf(place)).equals(content));
});
