// What a file's name says in headers: nothing a browser would run, and no way out of the header.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { contentDisposition, contentTypeOf } from '../../../src/http/reply/file-headers.ts';

test('what a browser could run is only bytes', () => {
  for (const extension of [
    'html',
    'HTML',
    'htm',
    'xhtml',
    'svg',
    'xml',
    'js',
    'mjs',
    'css',
    'pdf',
    'swf',
    'exe',
    'm3u8',
  ])
    assert.equal(contentTypeOf(`<img src=x onerror=alert(1)>.${extension}`), 'application/octet-stream', extension);
  for (const name of ['', 'mkv', 'film.mkv.html', 'film.mkv ', 'a.constructor', 'a.__proto__'])
    assert.equal(contentTypeOf(name), 'application/octet-stream', name);
  assert.equal(contentTypeOf('a.html.MKV'), 'video/x-matroska');
});

test('a name stays inside of its header, whatever it is', () => {
  const rows: [name: string, header: string][] = [
    ['film.mkv', `inline; filename="film.mkv"; filename*=UTF-8''film.mkv`],
    [
      '<img src=x onerror=alert(1)>.html',
      `inline; filename="<img src=x onerror=alert(1)>.html"; filename*=UTF-8''%3Cimg%20src%3Dx%20onerror%3Dalert%281%29%3E.html`,
    ],
    ['a"; filename="b\\', `inline; filename="a_; filename=_b_"; filename*=UTF-8''a%22%3B%20filename%3D%22b%5C`],
    ['a\r\nSet-Cookie: b', `inline; filename="a__Set-Cookie: b"; filename*=UTF-8''a%0D%0ASet-Cookie%3A%20b`],
    ["100% d'été*", `inline; filename="100_ d'_t_*"; filename*=UTF-8''100%25%20d%27%C3%A9t%C3%A9%2A`],
    ['\ud800.mkv', `inline; filename="_.mkv"; filename*=UTF-8''%EF%BF%BD.mkv`],
  ];
  for (const [name, header] of rows) assert.equal(contentDisposition(name), header, name);
});
