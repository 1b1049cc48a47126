// Peers that send wrong data or none, beside good ones: every byte is the source's, and arrives in time.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { FakePeer, type FakePeerOptions } from '../support/peers/fake-peer.ts';
import { sampleBytes } from '../support/servers/fault-server.ts';
import { PlainPeer } from '../support/peers/plain-peer.ts';
import { Seeder } from '../support/peers/seeder.ts';
import { torrentOf, type MadeTorrent } from '../support/peers/torrent-files.ts';
import { serverHome, startServer, type ServerProcess } from '../support/servers/server-process.ts';
import { assertSameBytes, copiedBytes, markedFilm, referenceBytes } from '../support/judges/copied-bytes.ts';
import { until } from '../support/servers/server-children.ts';
import { sessionInfo } from '../support/viewers/viewer.ts';
import { chunksOf, magnetLink, openTorrent, readRange, torrentStatus } from '../support/peers/torrent-stage.ts';

const MIB = 2 ** 20;
const PIECE = 256 * 1024;

suite('bad peers', () => {
  const stack = new AsyncDisposableStack();
  let server: ServerProcess | undefined;
  const url = (): string => server?.url ?? assert.fail();

  before(async () => {
    // Fake peers support unencrypted connections only.
    server = stack.use(await startServer({ env: { RAFFI_TORRENT_ENCRYPTION: 'off' } }));
  });
  after(() => stack.disposeAsync());

  function swarm(seed: number, sizeBytes: number) {
    const content = sampleBytes(sizeBytes, seed);
    const torrent = torrentOf(content, { name: 'film.mkv', pieceBytes: PIECE });
    const place = `${url()}/torrents/${torrent.infoHash}`;
    const fake = async (behaviour: FakePeerOptions['behaviour'], host: string): Promise<FakePeer> =>
      stack.use(await FakePeer.start({ torrent, content, pieceBytes: PIECE, behaviour, host }));
    const good = async (bytesPerSecond: number): Promise<Seeder> =>
      stack.use(await Seeder.start([{ torrent, content }], { bytesPerSecond }));
    return { content, torrent, place, fake, good };
  }

  /** Fake peers do not send metadata. */
  async function handIn({ metainfo }: MadeTorrent): Promise<void> {
    const headers = { 'content-type': 'application/x-bittorrent' };
    const { status } = await fetch(`${url()}/torrents`, { method: 'POST', headers, body: metainfo });
    assert.equal(status, 200);
  }

  /** Reads everything, and starts again when bad bytes reset the connection: the bytes before the reset are not trusted. */
  async function readAll(place: string): Promise<{ bytes: Buffer; longestGapMs: number; resets: number }> {
    for (let resets = 0; ; resets += 1) {
      assert.ok(resets < 10, 'the connection is reset for ever');
      try {
        return { ...(await readOnce(place)), resets };
      } catch {
        // Try again.
      }
    }
  }

  test('one good and one that sends other bytes: few bad pieces, a ban, and the bytes of the source', async (t) => {
    const { content, torrent, place, fake, good } = swarm(41, 8 * MIB);
    const liar = await fake('corrupt', '127.0.0.2');
    const seeder = await good(4 * MIB);
    await openTorrent(url(), magnetLink(torrent, { peers: [liar.address, seeder.address] }));
    const { bytes, resets } = await readAll(place);
    assert.ok(bytes.equals(content));
    await until(async () => Number((await torrentStatus(url(), torrent))['bannedPeers']) > 0, 5000, 'a ban');
    const status = await torrentStatus(url(), torrent);
    t.diagnostic(
      `${String(status['badPieces'])} bad pieces, ${resets} resets, the liar was asked ${liar.requests} times`,
    );
    assert.ok(Number(status['badPieces']) <= 2, String(status['badPieces']));
    await delay(500);
    assert.equal(liar.openConnections, 0, 'it was sent away');
  });

  test('an answer whose bytes turn out to be wrong before the rest of their piece is asked for is broken off, never completed', async () => {
    const content = sampleBytes(4 * MIB, 45);
    const torrent = torrentOf(content, { name: 'film.mkv', pieceBytes: MIB });
    const wrong = Buffer.from(content);
    wrong[MIB + 5] = 0xff ^ (wrong[MIB + 5] ?? 0);
    const parts = { infoHash: torrent.infoHash, pieceBytes: MIB, sizeBytes: content.length };
    await using liar = await PlainPeer.listen({ ...parts, content: wrong, bytesPerSecond: 4 * MIB });
    await handIn(torrent);
    await openTorrent(url(), magnetLink(torrent, { peers: [liar.address] }));
    const place = `${url()}/torrents/${torrent.infoHash}`;
    const range = { start: MIB, end: MIB + 3 * (MIB / 4) };
    const shortly = await readRange(place, { start: MIB, end: MIB + 1000 });
    assert.equal(shortly.bytes.length, 1000, 'who only looks around does not wait for a piece');
    await assert.rejects(readRange(place, range), TypeError);
    const seeder = stack.use(await Seeder.start([{ torrent, content }]));
    await openTorrent(url(), magnetLink(torrent, { peers: [seeder.address] }));
    assert.ok((await readRange(place, range)).bytes.equals(content.subarray(range.start, range.end)));
  });

  test('one good peer and one that never replies: no long gap', async (t) => {
    const { content, torrent, place, fake, good } = swarm(42, 8 * MIB);
    const mute = await fake('mute', '127.0.0.3');
    const seeder = await good(4 * MIB);
    await openTorrent(url(), magnetLink(torrent, { peers: [mute.address, seeder.address] }));
    const { bytes, longestGapMs } = await readAll(place);
    assert.ok(bytes.equals(content));
    t.diagnostic(`longest gap ${longestGapMs.toFixed(0)} ms, the mute peer was asked ${mute.requests} times`);
    assert.ok(mute.requests > 0, 'it was asked at all');
    const alone = swarm(44, 8 * MIB);
    await openTorrent(url(), magnetLink(alone.torrent, { peers: [(await alone.good(4 * MIB)).address] }));
    const { longestGapMs: usualMs } = await readAll(alone.place);
    t.diagnostic(`without the mute peer ${usualMs.toFixed(0)} ms`);
    assert.ok(longestGapMs < usualMs + 5000, `${longestGapMs} ms with the mute peer, ${usualMs} ms without`);
  });

  test('what was made of wrong bytes is made anew: no segment, no index, not even after a restart', async (t) => {
    const film = await markedFilm('lied about');
    const reference = await referenceBytes(film);
    const torrent = torrentOf(film, { name: 'film.mp4', pieceBytes: MIB });
    const parts = { torrent, content: film, pieceBytes: MIB };
    await using liar = await FakePeer.start({ ...parts, behaviour: 'corrupt', host: '127.0.0.6' });
    await using home = await serverHome();
    const env = { RAFFI_TORRENT_ENCRYPTION: 'off', RAFFI_KEEP: '1' };
    await using first = await startServer({ home, env });
    const { status: taken } = await fetch(`${first.url}/torrents`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-bittorrent' },
      body: torrent.metainfo,
    });
    assert.equal(taken, 200);
    const session = await openTorrent(first.url, magnetLink(torrent, { peers: [liar.address] }));
    await until(() => liar.requests > 0, 10_000, 'the liar is asked');
    await sessionInfo(session);
    const seeder = stack.use(await Seeder.start([{ torrent, content: film }]));
    await openTorrent(first.url, magnetLink(torrent, { peers: [seeder.address] }));
    await until(
      async () => (await fetch(`${session.url}/original/playlist.m3u8`)).status === 200,
      45_000,
      'the session plays, at the latest with its next try',
    );
    assertSameBytes(await copiedBytes(session), reference);
    const { badPieces } = await torrentStatus(first.url, torrent);
    t.diagnostic(`${String(badPieces)} bad pieces`);
    assert.ok(Number(badPieces) > 0, 'it did lie');
    await first.end();
    await using second = await startServer({ home, env });
    const again = await openTorrent(second.url, magnetLink(torrent, { peers: [seeder.address] }));
    assertSameBytes(await copiedBytes(again), reference);
  });

  test('without replies a reader waits, and continues when a good peer connects', async (t) => {
    const { content, torrent, place, fake, good } = swarm(43, 2 * MIB);
    const mutes = [await fake('mute', '127.0.0.4'), await fake('mute', '127.0.0.5')];
    const magnet = (peers: string[]): string => magnetLink(torrent, { peers });
    await handIn(torrent);
    await openTorrent(url(), magnet(mutes.map((mute) => mute.address)));
    const reading = readAll(place);
    await until(() => mutes.some((mute) => mute.requests > 0), 5000, 'a request');
    await delay(1500);
    const status = await torrentStatus(url(), torrent);
    assert.deepEqual([status['error'], status['stage']], ['', 'downloading']);
    const seeder = await good(0);
    const cameMs = performance.now();
    await openTorrent(url(), magnet([seeder.address]));
    assert.ok((await reading).bytes.equals(content));
    t.diagnostic(`all there ${(performance.now() - cameMs).toFixed(0)} ms after the good peer`);
  });
});

async function readOnce(place: string): Promise<{ bytes: Buffer; longestGapMs: number }> {
  const chunks: Uint8Array[] = [];
  let longestGapMs = 0;
  let last = performance.now();
  for await (const chunk of chunksOf(await fetch(place))) {
    if (chunks.length > 0) longestGapMs = Math.max(longestGapMs, performance.now() - last);
    last = performance.now();
    chunks.push(chunk);
  }
  return { bytes: Buffer.concat(chunks), longestGapMs };
}
