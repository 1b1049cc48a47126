// The URLs of the files of a torrent on its web seeds (BEP 19, RFC 3986 section 2), and the ranges of a piece in them (BEP 47 for padding).
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { parseMetainfo } from '../../../src/torrent-engine/protocol/metainfo.ts';
import { WebSeedFiles, type WebSeedPart } from '../../../src/torrent-engine/swarm/web-seed-files.ts';
import { torrentOf, type FileToShare, type TorrentOptions } from '../../support/peers/torrent-files.ts';

function filesOf(files: readonly FileToShare[] | number, options: TorrentOptions = {}): WebSeedFiles {
  const { metainfo } = torrentOf(typeof files === 'number' ? Buffer.alloc(files) : files, options);
  return new WebSeedFiles(parseMetainfo(metainfo), metainfo);
}

function file(path: readonly (string | Uint8Array)[], sizeBytes: number, attr?: string): FileToShare {
  return { path, content: Buffer.alloc(sizeBytes), ...(attr === undefined ? {} : { attr }) };
}

const ALL = { start: 0, end: Infinity };

suite('the URL of a single file', () => {
  const ROWS: [what: string, name: string, webSeed: string, expected: string][] = [
    ['the web seed is the file', 'a.mkv', 'http://s.example/b', 'http://s.example/b'],
    ['the web seed is the folder', 'a.mkv', 'http://s.example/b/', 'http://s.example/b/a.mkv'],
    ['the name is escaped', 'Käse #1?.mkv', 'http://s.example/', 'http://s.example/K%C3%A4se%20%231%3F.mkv'],
    ['a slash in the name is no folder', 'a/b', 'http://s.example/', 'http://s.example/a%2Fb'],
    ['escapes in the name are no escapes', '100%25', 'http://s.example/', 'http://s.example/100%2525'],
    ['signs that need no escape', "A-z_0.9~!'()*", 'http://s.example/', "http://s.example/A-z_0.9~!'()*"],
    [
      'signs that some servers decode',
      'a+b&c;d=e@f,g',
      'http://s.example/',
      'http://s.example/a%2Bb%26c%3Bd%3De%40f%2Cg',
    ],
    ['control characters take two digits', 'a\nb', 'http://s.example/', 'http://s.example/a%0Ab'],
    ['a name that leads elsewhere is left out', '..', 'http://s.example/b/', 'http://s.example/b/'],
    ['a number sign in the web seed', 'a', 'http://s.example/#1/b', 'http://s.example/%231/b'],
    ['a percent sign in the web seed', 'a', 'http://s.example/100%/%20b%zz', 'http://s.example/100%25/%20b%25zz'],
    ['a query in the web seed', 'a', 'http://s.example/b?c=d', 'http://s.example/b?c=d'],
  ];
  for (const [what, name, webSeed, expected] of ROWS)
    test(what, () => assert.equal(filesOf(1, { name }).parts(ALL, webSeed)[0]?.address, expected));
});

suite('the URL of one of several files', () => {
  const ROWS: [what: string, path: readonly (string | Uint8Array)[], webSeed: string, expected: string][] = [
    ['in the folder of the torrent', ['a.mkv'], 'http://s.example/b/', 'http://s.example/b/Root%201/a.mkv'],
    [
      'the web seed is a folder without its slash too',
      ['a.mkv'],
      'http://s.example/b',
      'http://s.example/b/Root%201/a.mkv',
    ],
    ['in folders', ['x', 'y z', 'a'], 'http://s.example/', 'http://s.example/Root%201/x/y%20z/a'],
    [
      'parts that lead elsewhere are left out',
      ['..', '.', '', '...', 'a'],
      'http://s.example/',
      'http://s.example/Root%201/.../a',
    ],
    ['a name that is no UTF-8', [Uint8Array.of(0x4b, 0xe4)], 'http://s.example/', 'http://s.example/Root%201/K%E4'],
  ];
  for (const [what, path, webSeed, expected] of ROWS)
    test(what, () =>
      assert.equal(filesOf([file(path, 1)], { name: 'Root 1' }).parts(ALL, webSeed)[0]?.address, expected),
    );

  test('names in UTF-8 go before others', () => {
    const entry = { length: 1, path: ['b'], 'path.utf-8': ['ä'] };
    const files = filesOf([file(['b'], 1)], { name: 'r', info: { files: [entry], 'name.utf-8': 'ö' } });
    assert.equal(files.parts(ALL, 'http://s.example')[0]?.address, 'http://s.example/%C3%B6/%C3%A4');
  });
});

suite('the ranges of a piece', () => {
  // a: 0 to 100; empty: 100; padding: 100 to 150; b: 150 to 350.
  const files = filesOf([file(['a'], 100), file(['empty'], 0), file(['pad'], 50, 'p'), file(['b'], 200)], {
    name: 'r',
  });
  const a = (start: number, end: number): WebSeedPart => ({ address: 'http://s.example/r/a', start, end });
  const b = (start: number, end: number): WebSeedPart => ({ address: 'http://s.example/r/b', start, end });
  const padding = (start: number, end: number): WebSeedPart => ({ address: undefined, start, end });
  const ROWS: [what: string, start: number, end: number, expected: WebSeedPart[]][] = [
    ['inside of a file', 10, 20, [a(10, 20)]],
    ['the last byte of a file', 99, 100, [a(99, 100)]],
    ['padding, which no server has', 100, 150, [padding(0, 50)]],
    ['the first byte behind padding', 150, 151, [b(0, 1)]],
    ['across all of them', 90, 160, [a(90, 100), padding(0, 50), b(0, 10)]],
    ['everything', 0, 350, [a(0, 100), padding(0, 50), b(0, 200)]],
    ['beyond the end', 340, 400, [b(190, 200)]],
    ['nothing', 350, 400, []],
  ];
  for (const [what, start, end, expected] of ROWS)
    test(what, () => assert.deepEqual(files.parts({ start, end }, 'http://s.example'), expected));
});
