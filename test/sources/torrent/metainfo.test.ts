// Torrent files: what is read from good ones, and that bad ones are refused soon, in words.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseMetainfo } from '../../../src/torrent-engine/protocol/metainfo.ts';
import { bencoded, torrentOf, type Plain } from '../../support/peers/torrent-files.ts';
import { appError } from '../opened.ts';

const KIB = 1024;

function bytes(length: number): Buffer {
  return Buffer.alloc(length, 7);
}

function withInfo(info: Record<string, Plain>): Buffer {
  return torrentOf(bytes(1000), { info }).metainfo;
}

test('a torrent of one file states its name, size, pieces, trackers and web seeds', () => {
  const trackers = ['http://127.0.0.1:1/announce', 'udp://127.0.0.1:2', 'javascript:alert(1)'];
  const made = torrentOf(bytes(100 * KIB), { name: 'Ein Film.mkv', trackers, webSeeds: ['http://127.0.0.1:3/a'] });
  const { files, ...rest } = parseMetainfo(made.metainfo);
  assert.deepEqual(rest, {
    infoHash: made.infoHash,
    name: 'Ein Film.mkv',
    sizeBytes: 100 * KIB,
    pieceBytes: 16 * KIB,
    pieceCount: 7,
    isPrivate: false,
    trackers: trackers.slice(0, 2),
    webSeeds: ['http://127.0.0.1:3/a'],
  });
  assert.deepEqual(files, [{ index: 0, path: 'Ein Film.mkv', sizeBytes: 100 * KIB, offsetBytes: 0, isPadding: false }]);
});

test('indexes stay the same whatever lies between: empty files, padding, links', () => {
  const { metainfo } = torrentOf([
    { path: ['Folge 1.mkv'], content: bytes(20 * KIB) },
    { path: ['.pad', '12288'], content: bytes(12 * KIB), attr: 'p' },
    { path: ['empty.nfo'], content: bytes(0) },
    { path: ['Unter', 'Folge 2.mkv'], content: bytes(5) },
    { path: ['_____padding_file_3_if you see this_____'], content: bytes(3) },
    { path: ['link'], content: bytes(0), attr: 'l' },
  ]);
  const { files } = parseMetainfo(metainfo);
  assert.deepEqual(
    files.map(({ index, path, offsetBytes, isPadding }) => [index, path, offsetBytes, isPadding]),
    [
      [0, 'Folge 1.mkv', 0, false],
      [1, '.pad/12288', 20 * KIB, true],
      [2, 'empty.nfo', 32 * KIB, false],
      [3, 'Unter/Folge 2.mkv', 32 * KIB, false],
      [4, '_____padding_file_3_if you see this_____', 32 * KIB + 5, true],
      [5, 'link', 32 * KIB + 8, true],
    ],
  );
});

test('names are made fit to be shown, whatever they were', () => {
  const path = (...parts: (string | Uint8Array)[]): string | undefined =>
    parseMetainfo(torrentOf([{ path: parts, content: bytes(1) }]).metainfo).files[0]?.path;
  assert.equal(path('..', '..', 'etc', 'passwd'), 'etc/passwd');
  assert.equal(path('/etc/passwd'), '_etc_passwd');
  assert.equal(path('a\0b\nc\u202Egpj.exe'), 'a_b_c_gpj.exe');
  assert.equal(path('..'), 'unnamed');
  assert.equal(path('C:\\films\\a'), 'C:_films_a');
  assert.equal(path('x'.repeat(3000))?.length, 255);
  assert.equal(path(...Array.from({ length: 100 }, () => 'deep'), 'end')?.split('/').length, 16);
  assert.equal(path(Buffer.from([0xff, 0xfe])), '\uFFFD\uFFFD');
});

test('the info hash is that of the bytes as they stand, unknown members included', () => {
  const made = torrentOf(bytes(10), { info: { 'x unknown': [1, { a: 'b' }], source: 'somewhere' } });
  assert.equal(parseMetainfo(made.metainfo).infoHash, made.infoHash);
});

test('a hybrid torrent is read by its first version', () => {
  const made = torrentOf(bytes(10), { info: { 'meta version': 2, 'file tree': { film: { '': { length: 10 } } } } });
  assert.equal(parseMetainfo(made.metainfo).files.length, 1);
});

test('pieces may have any length from 1 KiB to 64 MiB, and a torrent 10,000 files', () => {
  for (const pieceBytes of [KIB, 8 * KIB, 20_000, 25_344, 270_544, 1_000_000, 4_192_256, 64 * KIB * KIB])
    assert.equal(parseMetainfo(torrentOf(bytes(10), { pieceBytes }).metainfo).pieceBytes, pieceBytes);
  const many = Array.from({ length: 10_000 }, (_, index) => ({ path: ['a', `${index}`], content: bytes(1) }));
  const started = performance.now();
  assert.equal(parseMetainfo(torrentOf(many).metainfo).files.at(-1)?.path, 'a/9999');
  assert.ok(performance.now() - started < 2000);
});

const V2_ONLY = bencoded({ info: { 'meta version': 2, 'file tree': {}, name: 'a', 'piece length': 16 * KIB } });
const BAD: [string, Buffer, RegExp][] = [
  ['nothing', Buffer.alloc(0), /not a torrent file/],
  ['a web page', Buffer.from('<html></html>'), /not a torrent file/],
  ['a list', Buffer.from('le'), /not a torrent file/],
  ['no info', bencoded({ announce: 'http://a/' }), /does not describe/],
  ['version 2 alone', V2_ONLY, /version 2 only/],
  ['cut short', torrentOf(bytes(10)).metainfo.subarray(0, -5), /damaged/],
  ['a file of negative size', withInfo({ length: -1 }), /size that cannot be/],
  [
    'sizes beyond all measure',
    withInfo({
      files: [
        { length: 2 ** 53 - 1, path: ['a'] },
        { length: 9, path: ['b'] },
      ],
    }),
    /do not fit/,
  ],
  ['fewer hashes than pieces', withInfo({ length: 17 * KIB }), /do not fit/],
  ['half a hash', withInfo({ pieces: bytes(30) }), /hashes/],
  ['an empty torrent', withInfo({ length: 0, pieces: '' }), /empty/],
  ['no files', withInfo({ files: [] }), /names no file/],
  ['files that are no files', withInfo({ files: [1, 2] }), /list of files/],
  ['too many files', withInfo({ files: Array.from({ length: 20_001 }, () => ({ length: 0, path: ['a'] })) }), /20000/],
  ['tiny pieces', withInfo({ 'piece length': KIB - 1 }), /pieces/],
  ['pieces of negative length', withInfo({ 'piece length': -KIB }), /pieces/],
  ['pieces of a length that is no number', withInfo({ 'piece length': '16384' }), /pieces/],
  ['no pieces', withInfo({ 'piece length': 0 }), /pieces/],
  ['huge pieces', withInfo({ 'piece length': 128 * KIB * KIB }), /pieces/],
  ['too large a file', Buffer.alloc(11 * KIB * KIB, 'd'), /10 MB/],
];

for (const [what, torrent, sentence] of BAD) {
  test(`refuses ${what}`, () => {
    assert.throws(() => parseMetainfo(torrent), appError('SOURCE_UNUSABLE', sentence));
  });
}

const BOMBS: [string, string][] = [
  ['endless lists', `d4:info${'l'.repeat(9_000_000)}`],
  ['endless dictionaries', `d4:info${'d1:a'.repeat(2_000_000)}`],
  ['millions of empty lists', `d4:infol${'le'.repeat(4_000_000)}ee`],
  ['millions of empty texts', `d4:infol${'0:'.repeat(4_000_000)}ee`],
  ['a text longer than the file', 'd4:info99999999:abce'],
  ['a text of negative length', 'd-2:4:infoe'],
  ['a length of ten million digits', `d${'1'.repeat(9_000_000)}:`],
  ['an integer of ten million digits', `d4:infoi${'9'.repeat(9_000_000)}ee`],
  ['an integer that is none', 'd4:infoi--5ee'],
  ['an integer with zeros in front', 'd4:infoi007ee'],
  ['a member twice', 'd4:infoi1e4:infoi2ee'],
  ['members in no order', 'd4:infod1:bi1e1:ai2eee'],
];

for (const [what, text] of BOMBS) {
  test(`refuses ${what} without much work`, () => {
    const started = performance.now();
    assert.throws(() => parseMetainfo(Buffer.from(text)), appError('SOURCE_UNUSABLE', /damaged/));
    assert.ok(performance.now() - started < 3000, `${performance.now() - started} ms`);
  });
}
