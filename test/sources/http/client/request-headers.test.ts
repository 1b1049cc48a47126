// Headers that a caller adds (RFC 9110 sections 5.1, 5.5, 5.6.2 and 7.6.1), and the hosts that get them.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { checkHeaders, sameHost } from '../../../../src/sources/http/client/request-headers.ts';
import { appError } from '../../opened.ts';

type Headers = Record<string, string>;

suite('headers that are sent', () => {
  const ROWS: [what: string, headers: Headers, expected: Headers][] = [
    ['none', {}, {}],
    [
      'names in lower case',
      { 'User-Agent': 'VLC', REFERER: 'http://a/' },
      { 'user-agent': 'VLC', referer: 'http://a/' },
    ],
    [
      'credentials and cookies',
      { Authorization: 'Bearer a', Cookie: 'b=c' },
      { authorization: 'Bearer a', cookie: 'b=c' },
    ],
    ['every sign of a token', { "!#$%&'*+-.^_`|~9z": 'a' }, { "!#$%&'*+-.^_`|~9z": 'a' }],
    ['an empty value', { a: '' }, { a: '' }],
    ['tabs, spaces and Latin-1', { a: '\t ~\u0080\u00ff' }, { a: '\t ~\u0080\u00ff' }],
    ['the longest value', { a: 'x'.repeat(8192) }, { a: 'x'.repeat(8192) }],
    ['a name twice: the last one', { A: '1', a: '2' }, { a: '2' }],
  ];
  for (const [what, headers, expected] of ROWS) test(what, () => assert.deepEqual(checkHeaders(headers), expected));
});

suite('headers that are refused', () => {
  const NAMES = ['', 'a b', 'a:', 'a\r\nb', 'ä', '(a)', 'a/b', 'a"', 'a\0'];
  for (const name of NAMES)
    test(`the name ${JSON.stringify(name)}`, () =>
      assert.throws(() => checkHeaders({ [name]: 'x' }), appError('BAD_REQUEST', /a name contains characters/u)));

  const VALUES = ['a\r\nHost: b', 'a\nb', 'a\0', '\u007f', '€', 'x'.repeat(8193)];
  for (const value of VALUES)
    test(`the value ${JSON.stringify(value.slice(0, 20))}`, () =>
      assert.throws(() => checkHeaders({ Ok: 'a', Bad: value }), appError('BAD_REQUEST', /the value of "bad"/u)));

  // Connection and its kin, framing, conditions, ranges, the host: those are the client's own.
  const RESERVED =
    'Accept-Encoding Connection Content-Length Content-Type Expect Host If-Match If-Modified-Since If-None-Match If-Range ' +
    'If-Unmodified-Since Keep-Alive Proxy-Authorization Proxy-Connection Range TE Trailer Transfer-Encoding UPGRADE';
  for (const name of RESERVED.split(' '))
    test(name, () =>
      assert.throws(
        () => checkHeaders({ [name]: 'x' }),
        appError('BAD_REQUEST', new RegExp(`"${name.toLowerCase()}" cannot`)),
      ),
    );
});

suite('hosts that get the headers', () => {
  const ROWS: [home: string, target: string, expected: boolean][] = [
    ['http://a.example/film', 'http://a.example/other?x', true],
    ['http://A.example', 'http://a.EXAMPLE:80', true],
    ['https://a.example', 'https://a.example:443', true],
    ['http://a.example', 'https://a.example', true],
    ['https://a.example', 'http://a.example', false],
    ['http://a.example:8080', 'https://a.example:8443', false],
    ['http://a.example:8080', 'https://a.example', false],
    ['http://a.example', 'https://a.example:8443', false],
    ['http://a.example', 'http://a.example:8080', false],
    ['http://a.example', 'http://b.a.example', false],
    ['http://a.example', 'https://b.example', false],
    ['http://a.example', 'http://a.example.b.example', false],
    ['http://[::1]', 'https://[::1]', true],
    ['http://127.0.0.1', 'http://localhost', false],
  ];
  for (const [home, target, expected] of ROWS)
    test(`${home} to ${target}`, () => assert.equal(sameHost(new URL(home), new URL(target)), expected));
});
