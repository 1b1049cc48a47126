// Torrents that only a web server has: what it is asked for, and that the bytes are right.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { WebServer, type WebReply } from '../support/servers/web-server.ts';
import { Seeder } from '../support/peers/seeder.ts';
import { torrentOf, type FileToShare, type MadeTorrent } from '../support/peers/torrent-files.ts';
import { noise, readAndCompare, runEngine, until, type RunningEngine } from '../sources/torrent/running-engine.ts';

const KIB = 1024;
const CONTENT = noise(300 * KIB + 7, 'web seeds');

let running: RunningEngine;

before(async () => {
  running = runEngine({ webSeeds: true });
  await until('the engine is up', () => running.engine.state === 'ready', 120_000);
});

after(() => running[Symbol.asyncDispose]());

/** Every byte of every file comes from these web servers alone, and those the torrent names. */
async function played(torrent: MadeTorrent, webSeeds: readonly string[], content: Uint8Array): Promise<void> {
  const { infoHash, metainfo } = torrent;
  {
    using handle = running.engine.add({ infoHash, metainfo, webSeeds });
    const signal = AbortSignal.timeout(60_000);
    const { files } = await handle.metadata(signal);
    let start = 0;
    for (const { index, sizeBytes } of files) {
      using reader = handle.open(index, { profile: 'download', start: 0, verifiedOnly: true });
      const part = content.subarray(start, start + sizeBytes);
      assert.equal(await readAndCompare(reader, part, { signal }), sizeBytes, running.log.join('\n'));
      start += sizeBytes;
    }
  }
  await running.engine.remove(infoHash);
}

/** Serves files by their names as they are on the disk of the server. */
async function serving(files: Record<string, Uint8Array>): Promise<WebServer> {
  return WebServer.start((path) => replyOf(files, path));
}

function replyOf(files: Record<string, Uint8Array>, path: string): WebReply | undefined {
  const [plain = ''] = path.split('?');
  const file = Object.entries(files).find(([name]) => Buffer.from(`/${name}`).equals(unescaped(plain)))?.[1];
  return file && { file };
}

function unescaped(path: string): Buffer {
  const text = path.replaceAll(/%([0-9a-f]{2})/giu, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
  return Buffer.from(text, 'latin1');
}

const NAMES = [
  'Film #1 (2024).mkv',
  'Who? What?.mkv',
  '100%25.mkv',
  '50% off.mkv',
  '[GRP] Film [1080p].mkv',
  'Das große Ä & +1, 愛.mkv',
  ' blanks  around . ',
  "it's;a=b@c:d!$*~.mkv",
  'CON.mkv...',
];

test('the address of a file is its name, each part escaped once', async () => {
  for (const name of NAMES) {
    await using server = await serving({ [`dir/${name}`]: CONTENT, [`Root #?%/${name}/${name}`]: CONTENT });
    const alone = torrentOf(CONTENT, { name });
    await played(alone, [`${server.url}/dir/`], CONTENT);
    const inside = torrentOf([{ path: [name, name], content: CONTENT }], { name: 'Root #?%' });
    await played(inside, [server.url], CONTENT);
    const asked = [...new Set(server.asked)];
    assert.equal(asked.length, 2);
    assert.ok(
      asked.every((path) => /^[\w/.~!'()*%-]+$/u.test(path)),
      asked.join(' '),
    );
  }
});

test('names that are not UTF-8 are asked for as the bytes they are', async () => {
  const name = Buffer.from([0xc4, 0x20, 0x23, 0xff]);
  await using server = await WebServer.start((path) => (path === '/film/%C4%20%23%FF' ? { file: CONTENT } : undefined));
  await played(torrentOf([{ path: [name], content: CONTENT }]), [`${server.url}/`], CONTENT);
});

test('the address of a file alone is taken as it is, with what was forgotten to be escaped in it', async () => {
  await using server = await serving({ 'My Film #1 100%.mkv': CONTENT, 'a%20b': CONTENT });
  for (const address of [
    'My Film #1 100%.mkv',
    'My%20Film%20%231%20100%25.mkv',
    'a%2520b',
    'My%20Film%20%231%20100%25.mkv?key=%26',
  ])
    await played(torrentOf(CONTENT, { name: address }), [`${server.url}/${address}`], CONTENT);
});

test('a file and its folder, empty files and filler that no server has are no trouble, nor are steps upwards', async () => {
  const files: FileToShare[] = [
    { path: ['a.nfo'], content: Buffer.alloc(0) },
    { path: ['a.mkv'], content: CONTENT.subarray(0, 20_000) },
    { path: ['.pad', '12768'], content: Buffer.alloc(12_768), attr: 'p' },
    { path: ['z.nfo'], content: Buffer.alloc(0) },
    { path: ['..', 'sub', 'b.mkv'], content: CONTENT.subarray(20_000) },
    { path: ['last.txt'], content: Buffer.alloc(0) },
  ];
  await using server = await serving({
    'pack/a.mkv': CONTENT.subarray(0, 20_000),
    'pack/sub/b.mkv': CONTENT.subarray(20_000),
    'one/one.mkv': CONTENT,
  });
  const content = Buffer.concat(files.map((file) => file.content));
  await played(torrentOf(files, { name: 'pack', pieceBytes: 10_000 }), [server.url], content);
  await played(torrentOf([{ path: ['one.mkv'], content: CONTENT }], { name: 'one' }), [`${server.url}/`], CONTENT);
  assert.deepEqual([...new Set(server.asked)].toSorted(), ['/one/one.mkv', '/pack/a.mkv', '/pack/sub/b.mkv']);
});

const LISTS: ((url: string) => readonly string[] | string)[] = [
  (url) => `${url}/film`,
  (url) => ['', `${url}/film`, 'nonsense', `${url}/film`, 'ftp://127.0.0.1/'],
  (url) => [`${url}/missing`, 'http://127.0.0.1:9/', `${url}/film`],
];

test('the list of web seeds may be one text, and hold what is of no use', async () => {
  for (const list of LISTS) {
    await using server = await serving({ film: CONTENT });
    await played(torrentOf(CONTENT, { webSeeds: list(server.url) }), [], CONTENT);
  }
});

test('a server without ranges gives the start of a file, and a redirect is followed', async () => {
  await using server = await WebServer.start((path) =>
    path === '/film' ? { status: 302, headers: { location: '/elsewhere' } } : { body: CONTENT },
  );
  await played(torrentOf(CONTENT), [`${server.url}/film`], CONTENT);
});

test('a web seed that is named while peers are still asked what is in the torrent is used as well', async () => {
  await using server = await serving({ film: CONTENT });
  const torrent = torrentOf(CONTENT, { name: 'named later' });
  const { infoHash } = torrent;
  // Whoever tells what is in it takes half a minute for all of it.
  await using seeder = await Seeder.start([{ torrent, content: CONTENT }], { bytesPerSecond: 10_000 });
  using first = running.engine.add({ infoHash });
  using _second = running.engine.add({ infoHash, webSeeds: [`${server.url}/film`] });
  using _third = running.engine.add({ infoHash, peers: [seeder.address] });
  const signal = AbortSignal.timeout(60_000);
  await first.metadata(signal);
  using reader = first.open(0, { profile: 'download', start: 0 });
  assert.equal(await readAndCompare(reader, CONTENT, { signal }), CONTENT.length);
  assert.ok(server.asked.length > 0);
});
