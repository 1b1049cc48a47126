// Which responses redirect, and to which URL (RFC 9110 sections 10.2.2 and 15.4, RFC 3986 section 5.4).
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { MagnetRedirect } from '../../../../src/sources/http/client/magnet-redirect.ts';
import { redirectOf, redirectTarget } from '../../../../src/sources/http/client/redirect.ts';
import { appError } from '../../opened.ts';

const FROM = new URL('http://user:secret@a.example/b/c/d;p?q');

suite('responses that redirect', () => {
  const ROWS: [status: number, location: string | string[] | undefined, expected: string | undefined][] = [
    [301, '/a', '/a'],
    [302, '/a', '/a'],
    [303, '/a', '/a'],
    [307, '/a', '/a'],
    [308, '/a', '/a'],
    [302, ['/a', '/b'], '/a'],
    [302, '', ''],
    [302, [], undefined],
    [302, undefined, undefined],
    [200, '/a', undefined],
    [201, '/a', undefined],
    [300, '/a', undefined],
    [304, '/a', undefined],
    [305, '/a', undefined],
    [404, '/a', undefined],
  ];
  for (const [status, location, expected] of ROWS)
    test(`${status} with location ${JSON.stringify(location)}`, () =>
      assert.equal(redirectOf({ status, headers: { location } }), expected));
});

suite('targets', () => {
  const ROWS: [what: string, location: string, expected: string][] = [
    ['a URL', 'https://b.example/x?y', 'https://b.example/x?y'],
    ['a path', '/g', 'http://a.example/g'],
    ['a name beside', 'g', 'http://a.example/b/c/g'],
    ['two folders up', '../../g', 'http://a.example/g'],
    ['above the root', '../../../g', 'http://a.example/g'],
    ['a query', '?y', 'http://a.example/b/c/d;p?y'],
    ['another host on the same scheme', '//g', 'http://g/'],
    ['the same address', '', 'http://a.example/b/c/d;p?q'],
    ['credentials are left out', 'http://other:word@b.example/', 'http://b.example/'],
    ['a fragment is left out', '/g#t=5', 'http://a.example/g'],
    ['spaces around it', ' /g ', 'http://a.example/g'],
    ['a space in it', '/a b', 'http://a.example/a%20b'],
    ['UTF-8', '/K\u00c3\u00a4se', 'http://a.example/K%C3%A4se'],
    ['Latin-1', '/K\u00e4se', 'http://a.example/K%E4se'],
    ['the scheme in capitals', 'HTTPS://B.EXAMPLE/', 'https://b.example/'],
  ];
  for (const [what, location, expected] of ROWS)
    test(what, () => assert.equal(redirectTarget(location, FROM).href, expected));

  test('the URL that redirects is not changed', () =>
    assert.equal(FROM.href, 'http://user:secret@a.example/b/c/d;p?q'));
});

suite('locations that are refused', () => {
  for (const location of [
    'file:///etc/passwd',
    'ftp://b.example/',
    'data:text/plain,x',
    'javascript:alert(1)',
    'http://',
    'http://b.example:65536/',
    'magnetic:?x',
  ])
    test(location, () =>
      assert.throws(() => redirectTarget(location, FROM), appError('SOURCE_UNUSABLE', /not http or https/u)),
    );

  for (const location of ['magnet:?xt=urn:btih:0', ' MAGNET:?xt=urn:btih:0'])
    test(`"${location}" is handed over as a magnet link`, () =>
      assert.throws(
        () => redirectTarget(location, FROM),
        (error) => error instanceof MagnetRedirect && error.link === location,
      ));
});
