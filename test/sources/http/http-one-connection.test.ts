// Servers that allow one connection at a time, together with other habits: redirects, no ranges, playlists.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hashOf, hashOfStream, never } from '../../contract/source-contract.ts';
import { FaultServer, sampleBytes, type Faults } from '../../support/servers/fault-server.ts';
import { UNHURRIED, openRemote, openUrl } from '../opened.ts';

const MIB = 1024 * 1024;
const FILM = sampleBytes(5 * MIB + 77);
const MODES = [403, 429, 'kick'] as const;

async function hashOfBody(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return hashOf(Buffer.concat(chunks));
}

test('readers of several places share the only connection', async () => {
  for (const oneAtATime of MODES) {
    await using opened = await openRemote(FILM, { oneAtATime, bytesPerSecond: 10 * MIB }, UNHURRIED);
    const { source } = opened;
    const places = [4_500_000, 100_000, 3_000_000, 1_500_000];
    await Promise.all([
      ...places.map(async (start) => {
        const bytes = await source.read({ start, end: start + 10_000 }, never());
        assert.ok(Buffer.from(FILM.subarray(start, start + 10_000)).equals(bytes), `${start}`);
      }),
      ...[0, 2 * MIB].map(async (start) => {
        assert.equal(await hashOfStream(source, { start }), hashOf(FILM.subarray(start)), `${start}`);
      }),
    ]);
    assert.ok(opened.server.refused < 10, `${opened.server.refused} refused in mode ${oneAtATime}`);
  }
});

test('a portal redirects each request to an address of its own, with a cookie, and each account has one connection', async () => {
  for (const oneAtATime of MODES) {
    await using stack = new AsyncDisposableStack();
    let signature = 0;
    await using server = await FaultServer.start(FILM, {
      oneAtATime,
      bytesPerSecond: 10 * MIB,
      redirect: ({ path }) => (path === '/portal' ? `/film.mkv?sig=${(signature += 1)}` : undefined),
      headers: ({ path }) => (path === '/portal' ? { 'set-cookie': `account=${signature}; Path=/` } : {}),
      status: ({ path, headers }) => (path === '/portal' || headers.cookie !== undefined ? undefined : 403),
    });
    const { opened } = await openUrl(stack, server.url('/portal'), { options: UNHURRIED });
    assert.ok(opened.kind === 'media');
    const { source } = opened;
    await Promise.all([
      source.read({ start: 3 * MIB, end: 3 * MIB + 10 }, never()),
      hashOfStream(source, { start: 0 }).then((hash) => assert.equal(hash, hashOf(FILM))),
    ]);
    assert.ok(server.refused < 10, `${server.refused} refused in mode ${oneAtATime}`);
  }
});

test('a film without ranges plays over the only connection', async () => {
  for (const oneAtATime of MODES) {
    const faults = { ranges: false, oneAtATime, bytesPerSecond: 10 * MIB };
    await using opened = await openRemote(FILM, faults, UNHURRIED);
    assert.equal(await hashOfStream(opened.source, { start: 0 }), hashOf(FILM));
    assert.ok(opened.server.refused <= 2, `${opened.server.refused} refused in mode ${oneAtATime}`);
  }
});

test('segments of a playlist are fetched one after the other', async () => {
  for (const oneAtATime of [403, 429] as const) {
    await using stack = new AsyncDisposableStack();
    await using server = await FaultServer.start(Buffer.from('#EXTM3U\n#EXTINF:1,\ns.ts\n'));
    const { opened } = await openUrl(stack, server.url('/index.m3u8'), { options: UNHURRIED });
    assert.ok(opened.kind === 'hls');
    const { upstream } = opened;
    const segment = FILM.subarray(0, MIB);
    server.content = segment;
    const faults: Faults = { oneAtATime, bytesPerSecond: 4 * MIB };
    server.faults = faults;
    const hashes = await Promise.all(
      ['/a.ts', '/b.ts', '/c.ts'].map(async (path) =>
        hashOfBody((await upstream.fetch(new URL(server.url(path)), undefined, never())).body),
      ),
    );
    assert.deepEqual(new Set(hashes), new Set([hashOf(segment)]));
    assert.ok(server.refused < 6, `${server.refused} refused in mode ${oneAtATime}`);
  }
});
