// Malicious torrents: nothing is written outside the server's directory, every refusal is a sentence, and the server keeps working.
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { after, before, suite, test } from 'node:test';

import { sampleBytes } from '../support/servers/fault-server.ts';
import { Seeder } from '../support/peers/seeder.ts';
import {
  bencoded,
  torrentOf,
  type FileToShare,
  type MadeTorrent,
  type TorrentOptions,
} from '../support/peers/torrent-files.ts';
import { startServer, type ServerProcess } from '../support/servers/server-process.ts';
import { magnetLink, openTorrent, torrentStatus } from '../support/peers/torrent-stage.ts';
import { bytesOf, membersOf, sessionInfo } from '../support/viewers/viewer.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

suite('hostile torrents', () => {
  const stack = new AsyncDisposableStack();
  let server: ServerProcess | undefined;
  const url = (): string => server?.url ?? assert.fail();

  before(async () => {
    server = stack.use(await startServer());
  });
  after(() => stack.disposeAsync());

  /** Names of all files below the server's directories. */
  async function namesOnDisk(): Promise<string[]> {
    const home = server?.home.tmp ?? assert.fail();
    const entries = await readdir(home, { recursive: true, withFileTypes: true });
    return entries.map((entry) => relative(home, join(entry.parentPath, entry.name)));
  }

  async function shared(files: readonly FileToShare[] | Uint8Array, options: TorrentOptions): Promise<MadeTorrent> {
    const torrent = torrentOf(files, options);
    const content = files instanceof Uint8Array ? files : Buffer.concat(files.map((file) => file.content));
    const seeder = stack.use(await Seeder.start([{ torrent, content }]));
    await openTorrent(url(), magnetLink(torrent, { peers: [seeder.address] }));
    return torrent;
  }

  test('names that climb, that are absolute, endless, equal, links or no text: right bytes each, and our own names on the disk', async () => {
    const names: (string | Uint8Array)[][] = [
      ['..', '..', 'climbed.mkv'],
      ['/tmp/raffi-absolute.mkv'],
      ['n'.repeat(300)],
      ['same'],
      ['same'],
      ['nul\0.mkv'],
      ['CON'],
      [Buffer.from([0xff, 0xfe, 0x2f])],
      ['.'],
      ['a\\..\\b'],
    ];
    const files: FileToShare[] = [
      ...names.map((path, index) => ({ path, content: sampleBytes(20 * KIB + index, 60 + index) })),
      { path: ['link'], content: new Uint8Array(), attr: 'l' },
      { path: ['nothing'], content: new Uint8Array() },
      { path: ['.pad', '5000'], content: Buffer.alloc(5000), attr: 'p' },
      { path: ['last.mkv'], content: sampleBytes(40 * KIB, 80) },
    ];
    const torrent = await shared(files, { name: '../../climbing', pieceBytes: 16 * KIB });
    for (const [index, file] of files.entries()) {
      if (file.attr !== undefined || file.content.length === 0) continue;
      assert.ok(
        (await bytesOf(`${url()}/torrents/${torrent.infoHash}/${index}`)).equals(file.content),
        `file ${index}`,
      );
    }
    const onDisk = await namesOnDisk();
    const strange = onDisk.filter((name) => /climb|absolute|nnn|same|nul|CON|link|last/u.test(name));
    assert.deepEqual(strange, []);
    assert.ok(onDisk.some((name) => name.includes(torrent.infoHash)));
    assert.match(String((await torrentStatus(url(), torrent))['name']), /^[^/]+$/u);
  });

  test('a name that is a page of script is only a name: bytes to save, and text in JSON', async () => {
    const name = '<img src=x onerror=alert(1)>.html';
    const torrent = await shared(Buffer.from('<script>alert(1)</script>'), { name });
    const file = await fetch(`${url()}/torrents/${torrent.infoHash}/0`);
    const status = await fetch(`${url()}/torrents/${torrent.infoHash}/status`);
    const header = ({ headers }: Response, of: string): string => headers.get(of) ?? '';
    assert.equal(header(file, 'content-type'), 'application/octet-stream');
    assert.match(header(status, 'content-type'), /^application\/json/u);
    assert.equal(membersOf(await status.json())['name'], name);
    assert.match(
      header(file, 'content-disposition'),
      /; filename\*=UTF-8''%3Cimg%20src%3Dx%20onerror%3Dalert%281%29%3E\.html$/u,
    );
    for (const reply of [file, status]) {
      assert.equal(header(reply, 'x-content-type-options'), 'nosniff');
      assert.match(header(reply, 'content-security-policy'), /default-src '(?:none|self)'/u);
    }
    assert.equal(await file.text(), '<script>alert(1)</script>');
  });

  for (const pieceBytes of [16 * KIB, 64 * MIB]) {
    test(`pieces of ${pieceBytes / KIB} KiB`, async () => {
      const content = sampleBytes(MIB + 5, pieceBytes / KIB);
      const torrent = await shared(content, { pieceBytes, name: 'film.mkv' });
      assert.ok((await bytesOf(`${url()}/torrents/${torrent.infoHash}`)).equals(content));
    });
  }

  test('ten thousand files', async () => {
    const files = Array.from({ length: 10_000 }, (_, index) => ({
      path: ['many', `${index}.mkv`],
      content: Buffer.from(`file ${index}`),
    }));
    const torrent = await shared(files, { pieceBytes: 64 * KIB });
    const place = `${url()}/torrents/${torrent.infoHash}`;
    for (const index of [0, 5000, 9999]) assert.equal((await bytesOf(`${place}/${index}`)).toString(), `file ${index}`);
    assert.equal((await fetch(`${place}/10000`)).status, 404);
  });

  const bad: [string, Buffer][] = [
    ['a negative size', torrentOf(Buffer.alloc(99), { info: { length: -1 } }).metainfo],
    ['sizes that do not fit', torrentOf(Buffer.alloc(99), { info: { length: 99_999_999 } }).metainfo],
    ['no pieces', torrentOf(Buffer.alloc(99), { info: { 'piece length': 0 } }).metainfo],
    ['deep nesting', Buffer.from(`d4:info${'l'.repeat(5_000_000)}`)],
    ['millions of values', Buffer.from(`d4:infol${'le'.repeat(4_000_000)}ee`)],
    ['a text of negative length', Buffer.from('d-2:4:infoe')],
    [
      'version 2 alone',
      bencoded({ info: { 'meta version': 2, 'file tree': {}, name: 'a', 'piece length': 16 * KIB } }),
    ],
  ];

  test('torrent files that are wrong or bombs are refused in words, and the server answers meanwhile', async () => {
    for (const [what, body] of bad) {
      const refusing = fetch(`${url()}/torrents`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-bittorrent' },
        body,
      });
      const reply = await refusing;
      const { code, error } = membersOf(await reply.json());
      assert.deepEqual([reply.status, code], [400, 'SOURCE_UNUSABLE'], what);
      assert.match(String(error), /torrent/iu, what);
    }
    assert.equal((await fetch(`${url()}/health`)).status, 200);
  });

  test('a torrent of endless name whose bytes are no film: they can be read, and its session fails in words, alone', async () => {
    const content = sampleBytes(40 * KIB, 3);
    const torrent = await shared(content, { pieceBytes: 16 * KIB, name: 'x'.repeat(2000) });
    assert.ok((await bytesOf(`${url()}/torrents/${torrent.infoHash}`)).equals(content));
    const info = await sessionInfo(await openTorrent(url(), torrent.infoHash));
    assert.deepEqual([info['status'], typeof info['error']], ['error', 'string']);
    assert.equal((await fetch(`${url()}/ready`)).status, 200);
  });
});
