// The Allow header of 405 (RFC 9110 sections 10.2.1 and 15.5.6): the methods of all routes that match a path.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { AllowedMethods } from '../../../src/http/reply/allowed-methods.ts';

const ROUTES: [url: string, method: string | string[]][] = [
  ['*', 'GET'],
  ['/', 'GET'],
  ['/sessions', 'POST'],
  ['/sessions', ['GET', 'HEAD']],
  ['/sessions/:id', 'GET'],
  ['/sessions/:id', 'DELETE'],
  ['/sessions/:id/stream.m3u8', 'GET'],
  ['/sessions/:id/:name', 'PUT'],
  ['/files/*', 'PATCH'],
];

const ROWS: [what: string, path: string, expected: string[]][] = [
  ['the root', '/', ['GET', 'OPTIONS']],
  ['several routes of one path, sorted', '/sessions', ['GET', 'HEAD', 'OPTIONS', 'POST']],
  ['a parameter', '/sessions/a.b-c%2F', ['DELETE', 'GET', 'OPTIONS']],
  ['an empty parameter', '/sessions/', []],
  ['a parameter is one segment', '/sessions/a/b/c', []],
  ['every route that matches counts', '/sessions/a/stream.m3u8', ['GET', 'OPTIONS', 'PUT']],
  ['a full stop is no wildcard', '/sessions/a/streamXm3u8', ['OPTIONS', 'PUT']],
  ['anything behind an asterisk', '/files/a/b', ['OPTIONS', 'PATCH']],
  ['nothing behind an asterisk', '/files/', ['OPTIONS', 'PATCH']],
  ['the folder of an asterisk', '/files', []],
  ['a longer name', '/sessionsx', []],
  ['a path above', '/x/sessions', []],
  ['capitals', '/Sessions', []],
  ['no path: the route for everything is left out', '', []],
];

suite('methods of a path', () => {
  const methods = new AllowedMethods();
  for (const [url, method] of ROUTES) methods.add({ url, method, handler: () => undefined });
  for (const [what, path, expected] of ROWS) test(what, () => assert.deepEqual(methods.of(path), expected));
});
