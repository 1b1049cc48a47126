// Torrents that are odd and play all the same: of both versions, with empty files, with names no disk would take, with lists of nothing.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { parseMagnet } from '../../src/sources/torrent/magnet.ts';
import { parseMetainfo } from '../../src/torrent-engine/protocol/metainfo.ts';
import { requestOf, requestOfMagnet } from '../../src/sources/torrent/torrents.ts';
import { PlainPeer } from '../support/peers/plain-peer.ts';
import { Seeder } from '../support/peers/seeder.ts';
import { bencoded, torrentOf, type FileToShare, type MadeTorrent, type Plain } from '../support/peers/torrent-files.ts';
import { hybridTorrent } from '../support/peers/hybrid-torrent.ts';
import { WebServer } from '../support/servers/web-server.ts';
import { noise, readAndCompare, runEngine, until, type RunningEngine } from '../sources/torrent/running-engine.ts';

const CONTENT = noise(100_003, 'odd');

let running: RunningEngine;

before(async () => {
  running = runEngine({ trackers: true, webSeeds: true });
  await until('the engine is up', () => running.engine.state === 'ready', 120_000);
});

after(() => running[Symbol.asyncDispose]());

/** Every file that is no filler, to the byte. */
async function played(request: Parameters<RunningEngine['engine']['add']>[0], content: Uint8Array): Promise<void> {
  {
    using handle = running.engine.add(request);
    const signal = AbortSignal.timeout(60_000);
    const { files } = await handle.metadata(signal);
    let start = 0;
    for (const { index, sizeBytes, isPadding } of files) {
      using reader = handle.open(index, { profile: 'download', start: 0, verifiedOnly: true });
      const part = content.subarray(start, start + sizeBytes);
      if (!isPadding) assert.equal(await readAndCompare(reader, part, { signal }), sizeBytes, running.log.join('\n'));
      start += sizeBytes;
    }
  }
  await running.engine.remove(request.infoHash);
}

/** All bytes in a row, filler included. */
function runOf({ metainfo }: MadeTorrent, contents: Record<string, Uint8Array>): Buffer {
  const { files } = parseMetainfo(metainfo);
  return Buffer.concat(
    files.map(({ path, sizeBytes, isPadding }) =>
      isPadding ? Buffer.alloc(sizeBytes) : (contents[path] ?? assert.fail(path)),
    ),
  );
}

test('a torrent of both versions plays by peers of its first, and from a server that has no filler', async () => {
  const contents = {
    'a.mkv': CONTENT.subarray(0, 40_000),
    'b #2.mkv': CONTENT.subarray(40_000),
    'c/empty.nfo': Buffer.alloc(0),
  };
  const torrent = await hybridTorrent('both', contents);
  const content = runOf(torrent, contents);
  assert.ok(content.length > CONTENT.length, 'there is filler in it');
  await using seeder = await Seeder.start([{ torrent, content }]);
  await played({ infoHash: torrent.infoHash, peers: [seeder.address] }, content);
  await using server = await WebServer.start((path) => {
    const file = Object.entries(contents).find(([name]) => path === `/both/${encodeURIComponent(name)}`)?.[1];
    return file && { file };
  });
  await played({ ...requestOf(torrent.metainfo), webSeeds: [server.url] }, content);
});

test('a link that names both versions of a torrent leads to the first', async () => {
  const torrent = await hybridTorrent('linked', { 'a.mkv': CONTENT });
  const content = runOf(torrent, { 'a.mkv': CONTENT, linked: CONTENT });
  await using seeder = await Seeder.start([{ torrent, content }]);
  const link = `magnet:?xt=urn:btmh:1220${'a'.repeat(64)}&xt.2=urn:btih:${torrent.infoHash}&x.pe=${seeder.address}`;
  await played(requestOfMagnet(parseMagnet(link)), content);
});

test('names that no disk would take, and empty files everywhere, are no trouble', async () => {
  const names = [
    'CON',
    'aux.mkv',
    'trailing dot.',
    'trailing blank ',
    'a:b|c?.mkv',
    '..',
    '',
    `${'ä'.repeat(300)}.mkv`,
    'film.mkv',
    'film.mkv',
  ];
  const files: FileToShare[] = names.flatMap((name, index) => [
    { path: [name], content: CONTENT.subarray(index * 10_000, (index + 1) * 10_000) },
    { path: [`${index}.nfo`], content: Buffer.alloc(0) },
  ]);
  const content = Buffer.concat(files.map((file) => file.content));
  const torrent = torrentOf([{ path: ['first.nfo'], content: Buffer.alloc(0) }, ...files], {
    name: 'NUL.',
    pieceBytes: 25_000,
  });
  await using server = await WebServer.start(() => ({ status: 404 }));
  const peerOf = { infoHash: torrent.infoHash, pieceBytes: 25_000, content, sizeBytes: content.length };
  await using peer = await PlainPeer.listen(peerOf);
  await played({ ...requestOf(torrent.metainfo), peers: [peer.address], webSeeds: [server.url] }, content);
});

test('lists of trackers, nodes and web seeds may be empty, nested, or nonsense', async () => {
  const { infoHash, metainfo } = torrentOf(CONTENT, { name: 'lists' });
  const info = metainfo.subarray(metainfo.indexOf('4:info') + 6, -1);
  await using seeder = await Seeder.start([{ torrent: { infoHash, metainfo }, content: CONTENT }]);
  const oddities: Record<string, Plain>[] = [
    { 'announce-list': [[], [''], ['', ' '], 'http://127.0.0.1:9/', [['udp://127.0.0.1:9']]] },
    { announce: '', 'announce-list': [] },
    { announce: 7, 'announce-list': 'none', 'url-list': 3 },
    { announce: ['http://127.0.0.1:9/announce'], 'url-list': [['http://127.0.0.1:9/'], 5] },
    { nodes: [['127.0.0.1', 9], ['::1', 9], 'x'], 'url-list': '' },
    { 'creation date': 'yesterday', comment: 5, 'created by': [], encoding: 'x', httpseeds: ['http://127.0.0.1:9/'] },
    { 'piece layers': {}, publisher: '', 'publisher-url': '' },
  ];
  for (const oddity of oddities) {
    const members = Object.entries(oddity).map(([key, value]): [string, Buffer] => [key, bencoded(value)]);
    const sorted = [...members, ['info', info] as const].toSorted(([one], [other]) => (one < other ? -1 : 1));
    const odd = Buffer.concat([
      Buffer.from('d'),
      ...sorted.flatMap(([key, value]) => [bencoded(key), value]),
      Buffer.from('e'),
    ]);
    await played({ ...requestOf(odd), peers: [seeder.address] }, CONTENT);
  }
});

test('members of the description that nobody knows, or of other kinds than usual, do not matter', async () => {
  const oddities: Record<string, Plain>[] = [
    { private: 0 },
    { private: '1' },
    { source: 'X', 'x-unknown': [1, { a: 'b' }] },
    { md5sum: 'x', attr: 'x', sha1: Buffer.alloc(20) },
    { 'name.utf-8': 'Ein Film ä.mkv', name: Buffer.from([0xc4, 0xff]) },
    { name: '' },
    { name: '.' },
  ];
  for (const info of oddities) {
    const torrent = torrentOf(CONTENT, { info });
    const peerOf = { infoHash: torrent.infoHash, pieceBytes: 16_384, content: CONTENT, sizeBytes: CONTENT.length };
    await using seeder = await PlainPeer.listen(peerOf);
    await played({ ...requestOf(torrent.metainfo), peers: [seeder.address] }, CONTENT);
  }
});

test('a torrent that is added again while it is removed comes whole, and nothing of the old one is taken for it', async () => {
  const torrent = torrentOf(CONTENT, { name: 'again' });
  const { infoHash } = torrent;
  await using seeder = await Seeder.start([{ torrent, content: CONTENT }]);
  const request = { infoHash, peers: [seeder.address] };
  for (let round = 0; round < 5; round += 1) {
    using old = running.engine.add(request);
    const signal = AbortSignal.timeout(60_000);
    await old.metadata(signal);
    using oldReader = old.open(0, { profile: 'download', start: 0 });
    await oldReader.read(Buffer.alloc(1), signal);
    const removed = running.engine.remove(infoHash);
    using handle = running.engine.add(request);
    await handle.metadata(signal);
    using reader = handle.open(0, { profile: 'download', start: 0 });
    assert.equal(await readAndCompare(reader, CONTENT, { signal }), CONTENT.length);
    assert.equal(await removed, true);
    assert.equal(await running.engine.remove(infoHash), true);
  }
});
