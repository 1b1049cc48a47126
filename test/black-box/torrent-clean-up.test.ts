// What remains of a torrent without sessions: nothing, when the last session was ended on request and seeding is off.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { clip } from '../support/clips/clips.ts';
import { Seeder } from '../support/peers/seeder.ts';
import { torrentOf, type MadeTorrent } from '../support/peers/torrent-files.ts';
import { until } from '../support/servers/server-children.ts';
import { startServer, type ServerProcess } from '../support/servers/server-process.ts';
import { magnetLink, openTorrent } from '../support/peers/torrent-stage.ts';
import { bytesOf, sessionInfo, type Session } from '../support/viewers/viewer.ts';

const PIECE = 65_536;

suite('torrents whose sessions have ended', () => {
  const stack = new AsyncDisposableStack();
  let film: Buffer | undefined;
  let server: ServerProcess | undefined;
  const running = (): ServerProcess => server ?? assert.fail();

  before(async () => {
    film = await readFile(await clip('mp4-faststart'));
    server = stack.use(await startServer({ env: { RAFFI_SESSION_IDLE: '3s', RAFFI_TORRENT_METADATA_LIMIT: '60s' } }));
  });
  after(() => stack.disposeAsync());

  async function shared(name: string): Promise<{ torrent: MadeTorrent; magnet: string }> {
    const content = film ?? assert.fail();
    const torrent = torrentOf(content, { name, pieceBytes: PIECE });
    const seeder = stack.use(await Seeder.start([{ torrent, content }]));
    return { torrent, magnet: magnetLink(torrent, { peers: [seeder.address] }) };
  }

  async function playing(magnet: string, at = running()): Promise<Session> {
    const session = await openTorrent(at.url, magnet);
    const info = await sessionInfo(session);
    assert.equal(info['status'], 'ready', String(info['error']));
    await bytesOf(`${at.url}/torrents/${String(info['torrentInfoHash'])}`);
    return session;
  }

  async function isKnown({ infoHash }: MadeTorrent, { url, home } = running()): Promise<boolean> {
    const { status } = await fetch(`${url}/torrents/${infoHash}/status`);
    const onDisk = (await readdir(join(home.tmp, 'raffi-torrents'))).includes(infoHash);
    if (status === 404) return onDisk;
    assert.equal(status, 200);
    return true;
  }

  async function goes(torrent: MadeTorrent): Promise<void> {
    await until(async () => !(await isKnown(torrent)), 2000, 'the torrent has gone with its data');
  }

  test('each way to end the last session on request takes the torrent and its data away at once', async () => {
    const ways: ((session: Session) => Promise<Response>)[] = [
      ({ url }) => fetch(url, { method: 'DELETE' }),
      ({ id }) => fetch(`${running().url}/cleanup?id=${id}`, { method: 'POST' }),
      ({ id }) => fetch(`${running().url}/cleanup`, { method: 'DELETE', body: JSON.stringify({ id }) }),
    ];
    const { torrent, magnet } = await shared('ended.mp4');
    for (const way of ways) {
      const session = await playing(magnet);
      assert.equal(await isKnown(torrent), true);
      assert.ok((await way(session)).ok);
      await goes(torrent);
    }
  });

  test('a session that ended before the metadata of its torrent arrived leaves no data', async () => {
    const torrent = torrentOf(Buffer.alloc(1000), { name: 'unknown' });
    const session = await openTorrent(running().url, magnetLink(torrent));
    await until(() => isKnown(torrent), 5000, 'the torrent is known');
    assert.equal((await fetch(session.url, { method: 'DELETE' })).status, 204);
    await goes(torrent);
  });

  test('another session of the torrent keeps the data, whatever its locator, and continues to play', async () => {
    const { torrent, magnet } = await shared('kept.mp4');
    const first = await playing(magnet);
    const second = await playing(torrent.infoHash);
    assert.equal((await fetch(first.url, { method: 'DELETE' })).status, 204);
    await delay(500);
    assert.equal(await isKnown(torrent), true);
    assert.ok((await bytesOf(`${running().url}/torrents/${torrent.infoHash}`)).equals(film ?? assert.fail()));
    assert.equal((await fetch(second.url, { method: 'DELETE' })).status, 204);
    await goes(torrent);
  });

  test('a session created while the last one ends has the torrent', async () => {
    const { torrent, magnet } = await shared('again.mp4');
    const first = await playing(magnet);
    const ended = fetch(first.url, { method: 'DELETE' });
    const second = await openTorrent(running().url, magnet);
    await ended;
    assert.equal((await sessionInfo(second))['status'], 'ready');
    assert.equal(await isKnown(torrent), true);
    await fetch(second.url, { method: 'DELETE' });
    await goes(torrent);
  });

  test('a session that expires keeps its torrent for a while', async () => {
    const { torrent, magnet } = await shared('forgotten.mp4');
    const { url } = await playing(magnet);
    const isGone = async (): Promise<boolean> => {
      await fetch(`${running().url}/cleanup`, { method: 'POST' });
      const list = await (await fetch(`${running().url}/sessions`)).text();
      return !list.includes(url.split('/').at(-1) ?? assert.fail());
    };
    await until(isGone, 15_000, 'the session has gone');
    await delay(500);
    assert.equal(await isKnown(torrent), true);
  });

  test('the owner may keep torrents seeding', async () => {
    const { torrent, magnet } = await shared('seeded.mp4');
    await using generous = await startServer({ env: { RAFFI_TORRENT_SEED_TIME: '30m' } });
    const session = await playing(magnet, generous);
    assert.equal((await fetch(session.url, { method: 'DELETE' })).status, 204);
    await delay(1000);
    assert.equal(await isKnown(torrent, generous), true);
  });
});
