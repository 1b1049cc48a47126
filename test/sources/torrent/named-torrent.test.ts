// Content that names a torrent: `.torrent` files (BEP 3), gzipped ones (RFC 1952), and magnet links as text.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { gzipSync } from 'node:zlib';

import { looksLikeTorrent, namedTorrent } from '../../../src/sources/torrent/named-torrent.ts';
import { appError } from '../opened.ts';

const TYPE = 'application/x-bittorrent';
const HASH = '0123456789abcdef0123456789abcdef01234567';
const MAGNET = `magnet:?xt=urn:btih:${HASH}`;
const METAINFO = 'd4:infod6:lengthi1eee';

suite('heads', () => {
  const ROWS: [what: string, head: string | Uint8Array, contentType: string | undefined, expected: boolean][] = [
    ['a tracker first', 'd8:announce20:http://a.example/ann', undefined, true],
    ['several trackers first', 'd13:announce-listll', undefined, true],
    ['a comment first', 'd7:comment1:a', undefined, true],
    ['the program first', 'd10:created by1:a', undefined, true],
    ['a date first', 'd13:creation datei1e', undefined, true],
    ['the contents first', METAINFO, undefined, true],
    ['web seeds first', 'd8:url-list', undefined, true],
    ['nodes of the DHT first', 'd5:nodesll', undefined, true],
    ['hashes of version 2 first', 'd12:piece layersd', undefined, true],
    ['another first key', 'd3:abci1e', undefined, false],
    ['another first key, of the type of torrents', 'd3:abci1e', TYPE, true],
    ['a key with a wrong length', 'd9:announce', undefined, false],
    ['a dictionary that is not at the start', ' d8:announce', undefined, false],
    ['a page of the type of torrents', '<html>', TYPE, false],
    ['gzip of the type of torrents', gzipSync(METAINFO), 'Application/X-BitTorrent; name="a"', true],
    ['gzip of another type', gzipSync(METAINFO), 'application/gzip', false],
    ['a magnet link', MAGNET, undefined, true],
    ['a magnet link in capitals behind white space', `\r\n\t ${MAGNET.toUpperCase()}`, 'text/html', true],
    ['a magnet link with slashes', MAGNET.replace('?', '//?'), undefined, true],
    ['a magnet link behind a byte order mark', `\ufeff${MAGNET}`, undefined, true],
    ['a text about a magnet link', `see ${MAGNET}`, undefined, false],
    ['a magnet link without a query', 'magnet:abc', undefined, false],
    ['nothing', '', TYPE, false],
  ];
  for (const [what, head, contentType, expected] of ROWS)
    test(what, () => assert.equal(looksLikeTorrent(Buffer.from(head), contentType), expected));
});

suite('magnet links as text', () => {
  const ROWS: [what: string, content: string | Uint8Array, name: string][] = [
    ['alone', `${MAGNET}&dn=Film`, 'Film'],
    ['as a line', `\n ${MAGNET}&dn=Film\r\n`, 'Film'],
    ['gzipped', gzipSync(`${MAGNET}&dn=Film`), 'Film'],
    ['with a name in UTF-8 that is not escaped', `${MAGNET}&dn=Käse 愛`, 'Käse 愛'],
    ['behind a byte order mark', `\ufeff${MAGNET}&dn=Film`, 'Film'],
  ];
  for (const [what, content, name] of ROWS)
    test(what, () => {
      const named = namedTorrent(Buffer.from(content));
      assert.ok(named.kind === 'magnet');
      assert.deepEqual([named.magnet.infoHash, named.magnet.name], [HASH, name]);
    });

  test('a link that names no torrent is refused', () =>
    assert.throws(
      () => namedTorrent(Buffer.from('magnet:?dn=Film')),
      appError('SOURCE_UNUSABLE', /names no torrent/u),
    ));
});

suite('everything else is taken for a torrent file, which is checked later', () => {
  const ROWS: [what: string, content: string | Uint8Array, expected: string][] = [
    ['a torrent file', METAINFO, METAINFO],
    ['gzipped', gzipSync(METAINFO), METAINFO],
    ['gzipped in two members', Buffer.concat([gzipSync('d4:info'), gzipSync('de')]), 'd4:infode'],
    ['gzipped twice: unpacked once', gzipSync(gzipSync(METAINFO)), gzipSync(METAINFO).toString('latin1')],
    ['a page', '<html>', '<html>'],
    ['nothing', '', ''],
  ];
  for (const [what, content, expected] of ROWS)
    test(what, () => {
      const named = namedTorrent(Buffer.from(content));
      assert.ok(named.kind === 'metainfo');
      assert.equal(Buffer.from(named.metainfo).toString('latin1'), expected);
    });
});

suite('gzip streams that are refused', () => {
  const packed = gzipSync(METAINFO);
  const ROWS: [what: string, content: Uint8Array][] = [
    ['cut off', packed.subarray(0, -9)],
    ['the magic alone', packed.subarray(0, 2)],
    ['another checksum', Buffer.concat([packed.subarray(0, -8), Buffer.alloc(8)])],
    ['more than any torrent file has', gzipSync(Buffer.alloc(11 * 2 ** 20))],
  ];
  for (const [what, content] of ROWS)
    test(what, () => assert.throws(() => namedTorrent(content), appError('SOURCE_UNUSABLE', /not a torrent file/u)));
});
