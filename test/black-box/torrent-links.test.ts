// Torrent links in practice: links with the URL of the torrent file, links copied from the source of a page, URLs that turn out to be
// torrents.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, suite, test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { clip } from '../support/clips/clips.ts';
import { Seeder } from '../support/peers/seeder.ts';
import { torrentOf, type MadeTorrent } from '../support/peers/torrent-files.ts';
import { WebServer, type WebReply } from '../support/servers/web-server.ts';
import { startServer, type ServerProcess } from '../support/servers/server-process.ts';
import { magnetLink, openTorrent } from '../support/peers/torrent-stage.ts';
import { bytesOf, playlistOf, sessionInfo } from '../support/viewers/viewer.ts';

const TORRENT_TYPE = { 'content-type': 'application/x-bittorrent' };

suite('torrents named by links and addresses', () => {
  const stack = new AsyncDisposableStack();
  const replies = new Map<string, WebReply>();
  let server: ServerProcess | undefined;
  let web: WebServer | undefined;
  let film: Buffer | undefined;
  const url = (): string => server?.url ?? assert.fail();
  const webUrl = (): string => web?.url ?? assert.fail();
  const content = (): Buffer => film ?? assert.fail();

  before(async () => {
    film = await readFile(await clip('mp4-faststart'));
    web = stack.use(await WebServer.start((path) => replies.get(path)));
    replies.set('/film.mp4', { file: film });
    server = stack.use(await startServer({ env: { RAFFI_TORRENT_METADATA_LIMIT: '3s' } }));
  });
  after(() => stack.disposeAsync());

  /** A torrent that is available from the web seed in its file only. */
  function made(name: string): MadeTorrent {
    return torrentOf(content(), { name, pieceBytes: 65_536, webSeeds: [`${webUrl()}/film.mp4`] });
  }

  async function plays(source: string, torrent: MadeTorrent, more: Record<string, unknown> = {}): Promise<void> {
    const session = await openTorrent(url(), source, more);
    const info = await sessionInfo(session);
    const { status, isTorrent, torrentInfoHash, error } = info;
    assert.deepEqual(
      [status, isTorrent, torrentInfoHash],
      ['ready', true, torrent.infoHash],
      `${source}: ${String(error)}`,
    );
    const playlist = await playlistOf(`${session.url}/original/playlist.m3u8`);
    assert.ok((await bytesOf(playlist.segments.at(-1)?.uri ?? '')).length > 1000);
  }

  async function refused(source: string, sentence: RegExp, more: Record<string, unknown> = {}): Promise<void> {
    const info = await sessionInfo(await openTorrent(url(), source, more));
    assert.equal(info['status'], 'error', source);
    assert.match(String(info['error']), sentence, source);
  }

  test('the address of the torrent file in a magnet link is used, as exact or acceptable source, in capital letters too', async () => {
    for (const key of ['xs', 'as', 'XS']) {
      const torrent = made(`by ${key}.mp4`);
      replies.set(`/${key}.torrent`, { body: torrent.metainfo });
      const more = `&${key}=${encodeURIComponent(`${webUrl()}/${key}.torrent`)}`;
      await plays(magnetLink(torrent, { more }), torrent);
    }
  });

  test('a link out of the source of a page is whole, and what a paste put around it is no part of it', async () => {
    const torrent = made('pasted.mp4');
    replies.set('/pasted.torrent', { body: gzipSync(torrent.metainfo) });
    const address = encodeURIComponent(`${webUrl()}/pasted.torrent`);
    await plays(` "magnet:/?dn=Film&amp;xs=${address}&amp;xt=urn:btih:${torrent.infoHash}"\n`, torrent);
  });

  test('a torrent file of another torrent is ignored, and a web seed alone has no metadata: both end with a sentence', async () => {
    const other = made('another.mp4');
    replies.set('/other.torrent', { body: other.metainfo });
    replies.set('/page', { body: '<html>Nothing.</html>' });
    const wanted = made('wanted.mp4');
    const wrong = ['other.torrent', 'page', 'missing'].map((path) => `&xs=${webUrl()}/${path}`).join('');
    await refused(magnetLink(wanted, { more: wrong }), /^No peer was found within 3 s$/u);
    assert.deepEqual(
      ['/other.torrent', '/page', '/missing'].filter((path) => !web?.asked.includes(path)),
      [],
    );
    await refused(
      magnetLink(made('seeded.mp4'), { more: `&ws=${webUrl()}/film.mp4` }),
      /^No peer was found within 3 s$/u,
    );
  });

  test('a peer that tells what is in the torrent is not held up by addresses that do not, and a web seed of the link is used', async () => {
    const torrent = torrentOf(content(), { name: 'raced.mp4', pieceBytes: 65_536 });
    await using seeder = await Seeder.start([{ torrent, content: content() }]);
    const asked = web?.asked.filter((path) => path === '/film.mp4').length;
    const more = `&xs=${webUrl()}/other.torrent&xs=http://127.0.0.1:9/&ws=${webUrl()}/film.mp4`;
    await plays(magnetLink(torrent, { peers: [seeder.address], more }), torrent);
    assert.notEqual(web?.asked.filter((path) => path === '/film.mp4').length, asked, 'the web seed was used');
  });

  test('a URL is a torrent whatever its name: by its content, or by a redirect to a magnet link', async () => {
    const torrent = made('named.mp4');
    replies.set('/named.torrent', { body: torrent.metainfo });
    const magnet = magnetLink(torrent, { more: `&xs=${webUrl()}/named.torrent` });
    const disposition = { 'content-disposition': 'attachment; filename="named.torrent"' };
    replies.set('/1/download', { body: torrent.metainfo, headers: disposition });
    replies.set('/dl/x/?file=x', { status: 302, headers: { location: magnet } });
    replies.set('/download/film.torrent', { status: 302, headers: { location: magnet.replace('magnet', 'MAGNET') } });
    replies.set('/moved.torrent', { status: 301, headers: { location: '/dl/x/?file=x' } });
    replies.set('/text', { body: `${magnet}\n`, headers: { 'content-type': 'text/plain' } });
    replies.set('/typed', { file: torrent.metainfo, headers: TORRENT_TYPE });
    for (const path of ['/1/download', '/dl/x/?file=x', '/download/film.torrent', '/moved.torrent', '/text', '/typed'])
      for (const kind of ['torrent', 'http']) await plays(webUrl() + path, torrent, { kind });
  });

  test('redirects to files of this machine and to other schemes stay refused', async () => {
    for (const location of [
      'file:///etc/passwd',
      'ftp://127.0.0.1/a',
      'data:text/plain,magnet:?xt=a',
      'magnet:?xt=none',
    ]) {
      replies.set('/leads', { status: 302, headers: { location } });
      for (const kind of ['torrent', 'http'])
        await refused(`${webUrl()}/leads`, location.startsWith('magnet') ? /names no torrent/u : /not http or https/u, {
          kind,
        });
    }
  });

  test('forbidden addresses are never requested', async () => {
    const torrent = made('forbidden.mp4');
    replies.set('/forbidden.torrent', { body: torrent.metainfo });
    replies.set('/turned.torrent', { status: 302, headers: { location: '/forbidden.torrent' } });
    const link = magnetLink(torrent, { more: `&xs=${webUrl()}/forbidden.torrent&as=${webUrl()}/turned.torrent` });
    for (const env of [{ RAFFI_TORRENT_PRIVATE_PEERS: '0' }, { RAFFI_PRIVATE_SOURCES: 'deny' }]) {
      await using careful = await startServer({ env: { RAFFI_TORRENT_METADATA_LIMIT: '2s', ...env } });
      const info = await sessionInfo(await openTorrent(careful.url, link));
      assert.match(String(info['error']), /^No peer was found/u);
    }
    assert.deepEqual(
      web?.asked.filter((path) => /forbidden|turned/u.test(path)),
      [],
    );
  });
});
