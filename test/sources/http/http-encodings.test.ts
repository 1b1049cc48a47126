// What servers say in Content-Encoding, and what their bytes really are.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { brotliCompressSync, constants, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';

import { BRIEF } from '../../../src/sources/http/client/retry-policy.ts';
import { fetchSmallFile } from '../../../src/sources/http/response/small-file.ts';
import { sourceClient } from '../../../src/sources/open/source-client.ts';
import { parseLocator } from '../../../src/sources/open/source-locator.ts';
import { hashOf, hashOfStream, never } from '../../contract/source-contract.ts';
import { clip } from '../../support/clips/clips.ts';
import { FaultServer, sampleBytes, type Faults } from '../../support/servers/fault-server.ts';
import { UNHURRIED, appError, openRemote, openUrl, policy } from '../opened.ts';

const FILM = sampleBytes(400_000);
const LINES = Array.from({ length: 3_000 }, (_, number) => `#EXTINF:6.0,\nsegment-${number}.ts\n`);
const PLAYLIST = Buffer.from(`#EXTM3U\n${LINES.join('')}`);

const PACKED: [string, (bytes: Uint8Array) => Uint8Array][] = [
  ['gzip', gzipSync],
  ['x-gzip', gzipSync],
  ['deflate', deflateSync],
  ['Deflate', deflateRawSync],
  ['br', quickBrotli],
  ['zstd', zstdCompressSync],
];

function quickBrotli(bytes: Uint8Array): Uint8Array {
  return brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } });
}

function encoded(...values: string[]): Faults {
  return { headers: () => ({ 'content-encoding': values }) };
}

async function playlistOf(content: Uint8Array, faults: Faults): Promise<string> {
  await using stack = new AsyncDisposableStack();
  await using server = await FaultServer.start(content, { contentType: 'application/vnd.apple.mpegurl', ...faults });
  const { opened } = await openUrl(stack, server.url('/index.m3u8'), { options: UNHURRIED });
  assert.ok(opened.kind === 'hls');
  const { upstream } = opened;
  return await upstream.playlist(upstream.url, ({ url }) => url.pathname.slice(1), never());
}

test('codings that say nothing about the bytes are ignored', async () => {
  const values = ['', 'identity', 'Identity', 'aws-chunked', 'none', 'binary', 'UTF-8', 'identity, none', ',', '8bit'];
  for (const value of [...values.map((each) => [each]), ['identity', 'none'], ['aws-chunked', '']]) {
    await using opened = await openRemote(FILM, encoded(...value), UNHURRIED);
    assert.equal(await hashOfStream(opened.source, { start: 0 }), hashOf(FILM), value.join(' and '));
  }
});

test('a film that only claims to be compressed plays, whatever its container', async () => {
  const names = [
    'mp4-faststart',
    'mp4-moov-last',
    'mkv-two-audio',
    'ts',
    'webm-vp9-opus',
    'audio-mp3',
    'audio-flac',
  ] as const;
  for (const name of names) {
    const film = (await readFile(await clip(name))).subarray(0, 400_000);
    for (const [coding] of PACKED) {
      await using opened = await openRemote(film, encoded(coding), UNHURRIED);
      assert.equal(await hashOfStream(opened.source, { start: 0 }), hashOf(film), `${coding} over ${name}`);
    }
  }
});

test('a film that is really compressed is refused in words', async () => {
  for (const [coding, pack] of PACKED) {
    for (const ranges of [true, false]) {
      const opening = openRemote(pack(FILM), { ranges, ...encoded(coding) }, UNHURRIED);
      await assert.rejects(opening, appError('SOURCE_UNUSABLE', /only sends the file compressed/), coding);
    }
    const twice = openRemote(gzipSync(pack(FILM)), encoded(coding, 'identity', 'gzip'), UNHURRIED);
    await assert.rejects(twice, appError('SOURCE_UNUSABLE', /compressed/), coding);
  }
});

test('a web page that comes compressed is named as such', async () => {
  const page = gzipSync('<!doctype html><html><body>Log in</body></html>');
  await assert.rejects(openRemote(page, encoded('gzip')), appError('NOT_MEDIA', /web page/));
});

test('playlists are read however they are compressed, and whatever they claim', async () => {
  for (const text of [PLAYLIST, Buffer.from('#EXTM3U\n#EXTINF:6,\na.ts\n')]) {
    const plain = text.toString();
    for (const [coding, pack] of PACKED) {
      assert.equal(await playlistOf(pack(text), encoded(coding)), plain, coding);
      assert.equal(await playlistOf(text, encoded(coding)), plain, `plain under ${coding}`);
      assert.equal(await playlistOf(pack(text), { ranges: false, length: false, ...encoded(coding) }), plain);
    }
    assert.equal(await playlistOf(gzipSync(text), {}), plain, 'unsaid');
    assert.equal(await playlistOf(gzipSync(quickBrotli(text)), encoded('br, gzip')), plain, 'twice');
    assert.equal(await playlistOf(gzipSync(gzipSync(text)), encoded('gzip')), plain, 'twice, and said once');
    assert.equal(await playlistOf(text, encoded('identity', '')), plain);
  }
});

test('a playlist that unpacks to more than one may hold is refused before it fills the memory', async () => {
  const bomb = Buffer.concat([Buffer.from('#EXTM3U\n'), Buffer.alloc(100 * 1024 * 1024, '#\n')]);
  const packed = gzipSync(bomb, { level: 1 });
  const before = process.memoryUsage().rss;
  await assert.rejects(playlistOf(packed, encoded('gzip')), appError('NOT_MEDIA', /too long/));
  await assert.rejects(playlistOf(gzipSync(packed), encoded('gzip')), appError('NOT_MEDIA', /too long/));
  assert.ok(process.memoryUsage().rss - before < 60 * 1024 * 1024);
});

test('a playlist that is damaged under its coding is said to be', async () => {
  const packed = gzipSync(PLAYLIST);
  const cut = packed.subarray(0, packed.length - 100);
  await assert.rejects(playlistOf(cut, encoded('gzip')), appError('SOURCE_FAILED', /damaged/));
});

test('a segment comes plain, whatever it was sent as', async () => {
  await using stack = new AsyncDisposableStack();
  await using server = await FaultServer.start(PLAYLIST);
  const { opened } = await openUrl(stack, server.url('/index.m3u8'), { options: UNHURRIED });
  assert.ok(opened.kind === 'hls');
  const url = new URL(server.url('/segment.ts'));
  for (const [coding, pack] of PACKED) {
    server.faults = encoded(coding);
    server.content = FILM;
    const claimed = await opened.upstream.fetch(url, undefined, never());
    assert.equal(claimed.lengthBytes, FILM.length);
    assert.equal(await hashOfBody(claimed.body), hashOf(FILM));
    server.content = pack(FILM);
    server.faults = { ...encoded(coding), closeEveryBytes: 300_000 };
    const packed = await opened.upstream.fetch(url, undefined, never());
    assert.equal(packed.lengthBytes, undefined);
    assert.equal(await hashOfBody(packed.body), hashOf(FILM), coding);
    const part = opened.upstream.fetch(url, { start: 0, end: 5000 }, never());
    await assert.rejects(part, appError('SOURCE_UNUSABLE', /compressed/));
  }
  const left = await opened.upstream.fetch(url, undefined, never());
  for await (const _chunk of left.body) break;
});

test('a small file that comes compressed is unpacked, up to its limit', async () => {
  const text = Buffer.from(`d8:announce${'0'.repeat(3000)}e`);
  for (const [packed, value] of [
    [gzipSync(text), 'gzip'],
    [gzipSync(text), ''],
    [text, 'gzip'],
  ] as const) {
    await using server = await FaultServer.start(packed, encoded(value));
    const locator = parseLocator(server.url('/a'));
    assert.ok(locator.kind === 'http');
    await using client = sourceClient(locator, { addresses: policy('auto') });
    const file = { client, url: locator.url, policy: BRIEF };
    assert.ok(text.equals(await fetchSmallFile(file, 4000, never())));
    await assert.rejects(fetchSmallFile(file, 2000, never()), appError('SOURCE_UNUSABLE', /more than/));
  }
});

async function hashOfBody(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return hashOf(Buffer.concat(chunks));
}
