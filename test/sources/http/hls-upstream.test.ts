import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { HlsUpstream } from '../../../src/sources/http/relay/hls-upstream.ts';
import { rewritePlaylist, type PlaylistUri } from '../../../src/sources/http/relay/playlist-uris.ts';
import { hashOf, never } from '../../contract/source-contract.ts';
import { FaultServer, sampleBytes, type Faults } from '../../support/servers/fault-server.ts';
import { appError, eventually, openUrl, policy } from '../opened.ts';

const BASE = new URL('https://cdn.example.com/a/b/index.m3u8?token=1');
const SEGMENT = sampleBytes(900_000);

/** Renames to `<kind>:<address>`, to see what was offered. */
function shown({ url, tag, isPlaylist }: PlaylistUri): string {
  return `${isPlaylist ? 'playlist' : (tag ?? 'segment')}:${url.href}`;
}

test('every URI of a multivariant playlist is renamed, the rest stays as it is', () => {
  const text = `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-SESSION-KEY:METHOD=AES-128,URI="key.bin"
#EXT-X-SESSION-DATA:DATA-ID="a",URI="data.json"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="English, stereo",URI="../audio/en.m3u8?x=1"
#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="cc",NAME="cc",INSTREAM-ID="CC1"
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI="/iframes.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=100,CODECS="avc1.640028,mp4a.40.2",AUDIO="a"

low/index.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=200
//other.example.com/high.m3u8
`;
  const expected = `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-SESSION-KEY:METHOD=AES-128,URI="EXT-X-SESSION-KEY:https://cdn.example.com/a/b/key.bin"
#EXT-X-SESSION-DATA:DATA-ID="a",URI="EXT-X-SESSION-DATA:https://cdn.example.com/a/b/data.json"
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="English, stereo",URI="playlist:https://cdn.example.com/a/audio/en.m3u8?x=1"
#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID="cc",NAME="cc",INSTREAM-ID="CC1"
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI="playlist:https://cdn.example.com/iframes.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=100,CODECS="avc1.640028,mp4a.40.2",AUDIO="a"

playlist:https://cdn.example.com/a/b/low/index.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=200
playlist:https://other.example.com/high.m3u8
`;
  assert.equal(rewritePlaylist(text, BASE, shown), expected);
});

test('every URI of a media playlist is renamed', () => {
  const text = `#EXTM3U\r
#EXT-X-TARGETDURATION:4\r
#EXT-X-MAP:URI="init.mp4",BYTERANGE="100@0"\r
#EXT-X-KEY:METHOD=SAMPLE-AES,URI="https://keys.example.com/1",IV=0x1\r
#EXTINF:4.0,a title with URI="x"\r
#EXT-X-BYTERANGE:100@200\r
seg 1.ts\r
#EXT-X-PART:DURATION=1,URI="part1.mp4"\r
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="part2.mp4"\r
#EXT-X-RENDITION-REPORT:URI="../c/index.m3u8",LAST-MSN=1\r
#EXT-X-ENDLIST`;
  const expected = `#EXTM3U
#EXT-X-TARGETDURATION:4
#EXT-X-MAP:URI="EXT-X-MAP:https://cdn.example.com/a/b/init.mp4",BYTERANGE="100@0"
#EXT-X-KEY:METHOD=SAMPLE-AES,URI="EXT-X-KEY:https://keys.example.com/1",IV=0x1
#EXTINF:4.0,a title with URI="x"
#EXT-X-BYTERANGE:100@200
segment:https://cdn.example.com/a/b/seg%201.ts
#EXT-X-PART:DURATION=1,URI="EXT-X-PART:https://cdn.example.com/a/b/part1.mp4"
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="EXT-X-PRELOAD-HINT:https://cdn.example.com/a/b/part2.mp4"
#EXT-X-RENDITION-REPORT:URI="playlist:https://cdn.example.com/a/c/index.m3u8",LAST-MSN=1
#EXT-X-ENDLIST`;
  assert.equal(rewritePlaylist(text, BASE, shown), expected);
});

test('addresses that are not http are never offered, and lead nowhere', () => {
  const offered: string[] = [];
  const hostile = [
    'file:///etc/passwd',
    'concat:http://a/|file:///etc/passwd',
    'data:text/plain,x',
    'tcp://127.0.0.1:1',
    'http://',
  ];
  const text = `#EXTM3U\n${hostile.map((uri) => `#EXT-X-KEY:METHOD=AES-128,URI="${uri}"\n#EXTINF:1,\n${uri}`).join('\n')}`;
  const rewritten = rewritePlaylist(text, BASE, (uri) => {
    offered.push(uri.url.href);
    return 'name';
  });
  assert.deepEqual(offered, []);
  assert.doesNotMatch(rewritten, /passwd|data:|tcp:|concat|http/);
  assert.equal(rewritten.split('about:invalid').length - 1, hostile.length * 2);
});

test('what sends players elsewhere by themselves is left out', () => {
  const text = `#EXTM3U
#EXT-X-CONTENT-STEERING:SERVER-URI="https://steer.example.com/"
#EXT-X-DATERANGE:ID="ad",CLASS="com.apple.hls.interstitial",X-ASSET-URI="https://ads.example.com/a.m3u8"
#EXT-X-DATERANGE:ID="note",X-NOTE="kept"
#EXT-X-DEFINE:NAME="host",VALUE="https://v.example.com"
#EXT-X-DEFINE:QUERYPARAM="token"
#EXTINF:1,
{$host}/s.ts?t={$token}`;
  const rewritten = rewritePlaylist(text, BASE, shown);
  assert.doesNotMatch(rewritten, /steer|ads\.example/);
  assert.match(rewritten, /X-NOTE="kept"/);
  assert.match(rewritten, /\nsegment:https:\/\/v\.example\.com\/s\.ts\?t=1$/);
});

test('a URL that answers with a playlist is opened as HLS, whatever it is called', async () => {
  for (const contentType of ['video/mp4', 'application/vnd.apple.mpegurl', 'text/plain']) {
    await using opened = await openHls('\ufeff#EXTM3U\n#EXTINF:1,\ns.ts\n', { contentType });
    const text = await opened.upstream.playlist(opened.upstream.url, shown, never());
    assert.equal(text, `#EXTM3U\n#EXTINF:1,\nsegment:${opened.server.url('/s.ts')}\n`);
  }
});

test('a segment is fetched whole and by range', async () => {
  await using opened = await openHls('#EXTM3U\n');
  opened.server.content = SEGMENT;
  const url = new URL(opened.server.url('/s.ts'));
  const whole = await opened.upstream.fetch(url, undefined, never());
  assert.deepEqual([whole.status, whole.lengthBytes, whole.contentRange], [200, SEGMENT.length, undefined]);
  assert.equal(await hashOfBody(whole.body), hashOf(SEGMENT));
  const part = await opened.upstream.fetch(url, { start: 1000, end: 2000 }, never());
  assert.deepEqual([part.status, part.lengthBytes], [206, 1000]);
  assert.equal(part.contentRange, `bytes 1000-1999/${SEGMENT.length}`);
  assert.equal(await hashOfBody(part.body), hashOf(SEGMENT.subarray(1000, 2000)));
});

test('a segment is whole in spite of lost connections, with and without ranges', async () => {
  const faults: Faults[] = [
    { closeEveryBytes: 300_000 },
    { stall: { atByte: 500_000, forMs: 60_000 } },
    { ranges: false, stall: { atByte: 500_000, forMs: 60_000 } },
  ];
  for (const fault of faults) {
    await using opened = await openHls('#EXTM3U\n');
    opened.server.content = SEGMENT;
    opened.server.faults = fault;
    const segment = await opened.upstream.fetch(new URL(opened.server.url('/s.ts')), undefined, never());
    assert.equal(await hashOfBody(segment.body), hashOf(SEGMENT));
    assert.ok(opened.server.requests.length >= 3);
  }
});

test('a missing segment is said at once, a busy server is asked again', async () => {
  await using opened = await openHls('#EXTM3U\n');
  const { server, upstream } = opened;
  server.content = SEGMENT;
  server.faults = { status: ({ path }) => (path === '/gone.ts' ? 404 : undefined) };
  await assert.rejects(
    upstream.fetch(new URL(server.url('/gone.ts')), undefined, never()),
    appError('SOURCE_NOT_FOUND'),
  );
  const before = server.requests.length;
  server.faults = { status: ({ index }) => (index < before + 2 ? 503 : undefined) };
  const segment = await upstream.fetch(new URL(server.url('/busy.ts')), undefined, never());
  assert.equal(await hashOfBody(segment.body), hashOf(SEGMENT));
});

test('only http is fetched, with the headers for the own host only', async () => {
  await using other = await FaultServer.start(SEGMENT);
  await using opened = await openHls('#EXTM3U\n', {}, { Cookie: 'a=1' });
  const { server, upstream } = opened;
  await assert.rejects(upstream.fetch(new URL('file:///etc/passwd'), undefined, never()), appError('SOURCE_UNUSABLE'));
  await assert.rejects(upstream.playlist(new URL('data:,x'), shown, never()), appError('SOURCE_UNUSABLE'));
  for (const url of [server.url('/s.ts'), other.url('/s.ts')]) {
    const segment = await upstream.fetch(new URL(url), undefined, never());
    await hashOfBody(segment.body);
  }
  assert.ok(server.requests.every(({ headers }) => headers.cookie === 'a=1'));
  assert.deepEqual(
    other.requests.map(({ headers }) => headers.cookie),
    [undefined],
  );
});

test('what is no playlist, or too long for one, is refused', async () => {
  await using opened = await openHls('#EXTM3U\n');
  const { server, upstream } = opened;
  server.content = Buffer.from('<html></html>');
  await assert.rejects(
    upstream.playlist(upstream.url, shown, never()),
    appError('NOT_MEDIA', /did not send an HLS playlist/),
  );
  server.content = Buffer.concat([Buffer.from('#EXTM3U\n'), Buffer.alloc(9_000_000, 'a\n')]);
  await assert.rejects(upstream.playlist(upstream.url, shown, never()), appError('NOT_MEDIA', /too long/));
});

test('a reader that leaves a segment closes its connection', async () => {
  await using opened = await openHls('#EXTM3U\n');
  opened.server.content = SEGMENT;
  opened.server.faults = { bytesPerSecond: 100_000 };
  const segment = await opened.upstream.fetch(new URL(opened.server.url('/s.ts')), undefined, never());
  for await (const _chunk of segment.body) break;
  await eventually(() => opened.server.active === 0);
  const unread = await opened.upstream.fetch(new URL(opened.server.url('/s.ts')), undefined, never());
  await unread[Symbol.asyncDispose]();
  await eventually(() => opened.server.active === 0);
});

async function openHls(
  text: string,
  faults: Faults = {},
  headers: Record<string, string> = {},
): Promise<{ upstream: HlsUpstream; server: FaultServer } & AsyncDisposable> {
  await using building = new AsyncDisposableStack();
  const server = building.use(await FaultServer.start(Buffer.from(text), faults));
  const { opened } = await openUrl(building, server.url('/index'), {
    hints: { headers },
    options: { addresses: policy('allow') },
  });
  assert.ok(opened.kind === 'hls');
  const stack = building.move();
  return { upstream: opened.upstream, server, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

async function hashOfBody(body: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const chunk of body) parts.push(chunk);
  return hashOf(Buffer.concat(parts));
}
