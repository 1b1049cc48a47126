// The first bytes of content that is not media, and of media that a server calls something else.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { sniff, type Sniffed } from '../../../../src/sources/http/response/sniff.ts';

type Row = [what: string, head: string | number[], contentType: string | undefined, expected: Sniffed];

const MP4 = [0, 0, 0, 0x20, 0x66, 0x74, 0x79, 0x70];
const MATROSKA = [0x1a, 0x45, 0xdf, 0xa3];

const ROWS: Row[] = [
  ['nothing', '', 'text/html', undefined],
  ['a playlist (RFC 8216 section 4.3.1.1)', '#EXTM3U\n', undefined, 'hls'],
  ['a playlist behind a byte order mark', '\ufeff#EXTM3U\n', undefined, 'hls'],
  ['a playlist that the server calls a page', '\r\n #EXTM3U\n', 'text/html', 'hls'],
  ['a comment that is no playlist', '#EXT', 'application/vnd.apple.mpegurl', undefined],
  ['a playlist with a binary rest', [...Buffer.from('#EXTM3U\n'), 0], undefined, 'hls'],
  ['media', MP4, undefined, undefined],
  ['media that the server calls a page', MP4, 'text/html', undefined],
  ['media that the server calls text', MATROSKA, 'text/plain', undefined],
  ['a page', '<!DOCTYPE html><html>', undefined, 'html'],
  ['a page without a document type', '\n<BODY class="a">', undefined, 'html'],
  ['a page behind comments', '<!-- a > b -->\n<!----> <html>', undefined, 'html'],
  ['a page behind a comment that does not end', '<!-- <html>', undefined, undefined],
  ['an element whose name begins like one of a page', '<path d="M0">', undefined, undefined],
  ['a page of fragments, by its type', '<article>', 'Text/HTML; charset=utf-8', 'html'],
  ['a page in XML, by its type', '<?xml version="1.0"?><html>', 'application/xhtml+xml', 'html'],
  ['a manifest', '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011">', undefined, 'dash'],
  ['a manifest behind a declaration and comments', '<?xml version="1.0"?>\n<!-- a -->\n<MPD>', 'text/xml', 'dash'],
  ['an element with a longer name than a manifest', '<MPDx>', undefined, undefined],
  ['a manifest in small letters: XML distinguishes them', '<mpd>', undefined, undefined],
  ['JSON', '{"error":1}', 'application/json', 'text'],
  ['JSON of a format of its own', '{"error":1}', 'application/problem+json; charset=utf-8', 'text'],
  ['XML', '<Error/>', 'application/xml', 'text'],
  ['text', 'no such file', 'TEXT/plain', 'text'],
  ['text without a type may be a format with text at its start', 'no such file', undefined, undefined],
  ['text of a type that says nothing', 'no such file', 'application/octet-stream', undefined],
  ['a type with the letters of JSON elsewhere', 'x', 'application/json-seq', undefined],
  ['an escape character, which ISO 2022 text has', [27, 0x24, 0x42], 'text/plain', 'text'],
  ['a backspace character, which no text has', [0x41, 8], 'text/plain', undefined],
  ['a delete character', [0x41, 127], 'text/plain', undefined],
  ['a page that begins behind the bytes that are examined', `${' '.repeat(2048)}<html>`, undefined, undefined],
];

suite('content by its first bytes', () => {
  for (const [what, head, contentType, expected] of ROWS)
    test(what, () =>
      assert.equal(sniff(typeof head === 'string' ? Buffer.from(head) : Uint8Array.from(head), contentType), expected),
    );
});

test('comments without a page behind them take no time', () => {
  const startedMs = performance.now();
  for (const head of ['<!---->'.repeat(26), `<?xml >${'<!-- -->'.repeat(26)}`])
    assert.equal(sniff(Buffer.from(head), undefined), undefined);
  assert.ok(performance.now() - startedMs < 1000);
});
