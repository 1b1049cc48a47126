// Magnet links and bare info hashes.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { parseInfoHash, parseMagnet } from '../../../src/sources/torrent/magnet.ts';
import { appError } from '../opened.ts';

const HEX = '0123456789abcdef0123456789abcdef01234567';
const BASE32 = 'AERUKZ4JVPG66AJDIVTYTK6N54ASGRLH';

test('an info hash is 40 hex digits or 32 of base32', () => {
  assert.equal(parseInfoHash(HEX.toUpperCase()), HEX);
  assert.equal(parseInfoHash(BASE32), HEX);
  assert.equal(parseInfoHash(BASE32.toLowerCase()), HEX);
  for (const bad of ['', HEX.slice(1), `${HEX}0`, BASE32.replace('A', '1'), HEX.replace('0', 'g')])
    assert.equal(parseInfoHash(bad), undefined, bad);
});

test('a magnet gives its hash, name, trackers, web seeds, peers and files', () => {
  const magnet = parseMagnet(
    `magnet:?xt=urn:btih:${BASE32}&dn=Ein+Film%20%C3%A4&tr=udp%3A%2F%2F127.0.0.1%3A1&tr=wss%3A%2F%2F127.0.0.1%3A2%2F&tr=gopher%3A%2F%2Fa` +
      '&xs=http%3A%2F%2F127.0.0.1%3A5%2Fa.torrent&xs=urn:btpk:0&as=https://host.example/?id%3D1&ws=http%3A%2F%2F127.0.0.1%3A3%2Ffilm&ws=file%3A%2F%2F%2Fetc%2Fpasswd&x.pe=127.0.0.1:4000&x.pe=[::1]:4001&x.pe=host.example:1&x.pe=a:0&x.pe=b:70000&x.pe=c' +
      '&so=0,2,4-7,9-8,x,-1',
  );
  assert.deepEqual(magnet, {
    infoHash: HEX,
    name: 'Ein Film ä',
    trackers: ['udp://127.0.0.1:1', 'wss://127.0.0.1:2/'],
    webSeeds: ['http://127.0.0.1:3/film'],
    exactSources: ['http://127.0.0.1:5/a.torrent', 'https://host.example/?id=1'],
    peers: ['127.0.0.1:4000', '[::1]:4001', 'host.example:1'],
    selected: [
      [0, 0],
      [2, 2],
      [4, 7],
    ],
  });
});

test('the scheme may have any case, and of several topics the first usable one counts', () => {
  const topics = `xt.1=urn:ed2k:354B15E68FB8F36D7CD88FF94116CDC1&xt.2=urn:btih:${HEX}`;
  assert.equal(parseMagnet(`MAGNET:?${topics}`).infoHash, HEX);
  assert.equal(parseMagnet(`magnet:?xt=urn:btmh:1220${'a'.repeat(64)}&xt=urn:btih:${HEX}`).infoHash, HEX);
});

test('a link is read whatever it went through: the source of a page, capital letters, a browser', () => {
  const expected = parseMagnet(`magnet:?xt=urn:btih:${HEX}&dn=Film&tr=udp://127.0.0.1:1&tr=udp://127.0.0.1:2`);
  assert.equal(expected.trackers.length, 2);
  for (const text of [
    `magnet:?xt=urn:btih:${HEX}&amp;dn=Film&amp;tr=udp://127.0.0.1:1&amp;tr=udp://127.0.0.1:2`,
    `magnet:?xt=urn:btih:${HEX}&amp;amp;dn=Film&#38;tr=udp://127.0.0.1:1&#x26;tr=udp://127.0.0.1:2`,
    `MAGNET:?XT=URN:BTIH:${HEX.toUpperCase()}&DN=Film&TR=udp://127.0.0.1:1&TR=udp://127.0.0.1:2`,
    `magnet:/?xt=urn:btih:${HEX}&dn=Film&tr.1=udp://127.0.0.1:1&tr.2=udp://127.0.0.1:2`,
    `magnet://?dn=Film&tr=udp://127.0.0.1:1&tr=udp://127.0.0.1:2&xt=urn:btih:${BASE32.toLowerCase()}`,
  ])
    assert.deepEqual(parseMagnet(text), expected, text);
  assert.equal(parseMagnet(`magnet:?dn=Tom%20%26amp%3B%20Jerry&xt=urn:btih:${HEX}`).name, 'Tom &amp; Jerry');
});

test('a magnet of version 2 alone is refused with the reason', () => {
  assert.throws(
    () => parseMagnet(`magnet:?xt=urn:btmh:1220${'a'.repeat(64)}`),
    appError('SOURCE_UNUSABLE', /version 2 only/),
  );
});

test('garbage is refused in words, and broken escapes break nothing', () => {
  for (const bad of [
    'magnet:',
    'magnet:?',
    'magnet:?dn=a',
    'magnet:?xt=urn:btih:abc',
    'magnet:?xt=urn:btih:%',
    'magnet:xt',
  ])
    assert.throws(() => parseMagnet(bad), appError('SOURCE_UNUSABLE', /magnet link/), bad);
  assert.equal(parseMagnet(`magnet:?dn=%E0%A4%A&tr=%&xt=urn:btih:${HEX}&&&=&x.pe=%zz`).infoHash, HEX);
});

test('however much a magnet says, little is kept', () => {
  const more = (key: string, value: (index: number) => string): string =>
    Array.from({ length: 300 }, (_, index) => `&${key}=${encodeURIComponent(value(index))}`).join('');
  const magnet = parseMagnet(
    `magnet:?xt=urn:btih:${HEX}&so=0-999999999,0-9999999999999${more('tr', (n) => `udp://a:${n + 1}`)}${more('x.pe', (n) => `a:${n + 1}`)}${more('ws', (n) => `http://a/${n}`)}${more('xs', (n) => `http://a/${n}`)}`,
  );
  const { trackers, peers, webSeeds, exactSources } = magnet;
  assert.deepEqual(
    [trackers, peers, webSeeds, exactSources].map(({ length }) => length),
    [100, 100, 50, 5],
  );
  assert.deepEqual(magnet.selected, [[0, 999_999_999]]);
});
