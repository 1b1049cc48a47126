// Bytes above 0x7F in header values, and percent-escaped names (RFC 3986 section 2.1, RFC 3629 for UTF-8).
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { unescapedName, uriOfHeader } from '../../../../src/sources/http/client/header-text.ts';

/** A text as Node hands over a header value of these bytes. */
function header(text: string, encoding: 'utf8' | 'latin1'): string {
  return Buffer.from(text, encoding).toString('latin1');
}

suite('a header value as a URI reference', () => {
  const ROWS: [what: string, value: string, expected: string][] = [
    ['ASCII', 'https://a.example/b%20c?d=%E4', 'https://a.example/b%20c?d=%E4'],
    ['nothing', '', ''],
    ['UTF-8', header('/Käse 愛 🎬.mkv', 'utf8'), '/Käse 愛 🎬.mkv'],
    ['Latin-1', header('/Käse.mkv', 'latin1'), '/K%E4se.mkv'],
    ['the last byte', '/\u00ff', '/%FF'],
    ['a control character of Latin-1', '/\u0080', '/%80'],
    ['UTF-8 and Latin-1 mixed', `${header('ä', 'utf8')}\u00e4`, '%C3%A4%E4'],
    ['UTF-8 that is cut off', '/\u00e6\u0084', '/%E6%84'],
    ['an overlong slash, which is no UTF-8', '/\u00c0\u00af', '/%C0%AF'],
    ['half of a surrogate pair, which is no UTF-8', '/\u00ed\u00a0\u0080', '/%ED%A0%80'],
  ];
  for (const [what, value, expected] of ROWS) test(what, () => assert.equal(uriOfHeader(value), expected));
});

suite('a segment of a path as a name', () => {
  const ROWS: [what: string, segment: string, expected: string][] = [
    ['plain', 'film.mkv', 'film.mkv'],
    ['nothing', '', ''],
    ['a space', 'a%20b', 'a b'],
    ['a plus is no space', 'a+b', 'a+b'],
    ['UTF-8', 'K%C3%A4se%F0%9F%8E%AC', 'Käse🎬'],
    ['UTF-8 in small digits', 'K%c3%a4se', 'Käse'],
    ['Latin-1', 'K%E4se', 'Käse'],
    ['UTF-8 that is not escaped', 'Käse%20愛', 'Käse 愛'],
    ['an escaped percent sign is decoded once', '%25E4', '%E4'],
    ['a percent sign that escapes nothing', '100%', '100%'],
    ['digits that are not hexadecimal', '%zz%2', '%zz%2'],
    ['an escaped slash', 'a%2Fb', 'a/b'],
  ];
  for (const [what, segment, expected] of ROWS) test(what, () => assert.equal(unescapedName(segment), expected));
});
