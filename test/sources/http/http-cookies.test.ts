// Cookies that servers set on the way: signed delivery networks check them with every range.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hashOf, hashOfStream, never } from '../../contract/source-contract.ts';
import { FaultServer, sampleBytes, type RecordedRequest } from '../../support/servers/fault-server.ts';
import { appError, openUrl } from '../opened.ts';

const CONTENT = sampleBytes(900_000);

function cookieOf({ headers }: RecordedRequest): string | undefined {
  return headers.cookie;
}

test('a cookie set by a redirect is sent to the next hop and with all later ranges', async () => {
  await using stack = new AsyncDisposableStack();
  await using server = await FaultServer.start(CONTENT, {
    headers: ({ path }) => (path === '/link' ? { 'set-cookie': ['sig=a=b; Path=/; HttpOnly', 'exp=9; Path=/'] } : {}),
    redirect: ({ path }) => (path === '/link' ? '/film.mkv' : undefined),
    status: (request) => (cookieOf(request) === 'sig=a=b; exp=9' ? undefined : 403),
  });
  const { opened } = await openUrl(stack, server.url('/link'), {});
  assert.ok(opened.kind === 'media');
  assert.equal(await hashOfStream(opened.source, { start: 0 }), hashOf(CONTENT));
  assert.ok(server.requests.length > 3);
});

test('a redirect to the same address is no circle when it sets a cookie', async () => {
  await using stack = new AsyncDisposableStack();
  await using server = await FaultServer.start(CONTENT, {
    headers: () => ({ 'set-cookie': 'seen=1' }),
    redirect: (request) => (cookieOf(request) === undefined ? request.path : undefined),
  });
  await openUrl(stack, server.url(), {});
  assert.equal(cookieOf(server.requests[0] ?? assert.fail()), undefined);
  assert.equal(cookieOf(server.requests[1] ?? assert.fail()), 'seen=1');
});

test('a cookie is sent to the host and path it was set for, and to no other', async () => {
  await using stack = new AsyncDisposableStack();
  await using other = await FaultServer.start(CONTENT, { headers: () => ({ 'set-cookie': 'theirs=1; Path=/' }) });
  await using server = await FaultServer.start(CONTENT, {
    headers: () => ({
      'set-cookie': [
        'mine=1; Path=/',
        'deep=1; Path=/deep',
        'stranger=1; Domain=localhost',
        'gone=1; Max-Age=0',
        '=; ;;',
      ],
    }),
    redirect: ({ path }) => ({ '/a': '/deep/b', '/deep/b': other.url('/film.mkv', 'localhost') })[path],
  });
  const { opened } = await openUrl(stack, server.url('/a'), {});
  assert.ok(opened.kind === 'media');
  await opened.source.read({ start: 400_000, end: 400_010 }, never());
  const [first, second] = server.requests;
  assert.deepEqual(
    [first, second].map((request) => request?.headers.cookie),
    [undefined, 'deep=1; mine=1'],
  );
  assert.deepEqual(
    new Set(other.requests.slice(1).map(cookieOf)),
    new Set(['theirs=1']),
    'nothing of the first server goes to the second',
  );
  assert.equal(cookieOf(other.requests[0] ?? assert.fail()), undefined);
});

test("the caller's cookies stay with their host, and the server may replace one", async () => {
  await using stack = new AsyncDisposableStack();
  await using server = await FaultServer.start(CONTENT, {
    headers: ({ path }) => (path === '/link' ? { 'set-cookie': 'token=new; Path=/' } : {}),
    redirect: ({ path }) => (path === '/link' ? '/film.mkv' : undefined),
  });
  await openUrl(stack, server.url('/link'), { hints: { headers: { Cookie: 'a=1; token=old;b=2' } } });
  assert.deepEqual([...new Set(server.requests.map(cookieOf))], ['a=1; token=old;b=2', 'a=1; b=2; token=new']);
});

test('sources share no cookies', async () => {
  await using stack = new AsyncDisposableStack();
  await using server = await FaultServer.start(CONTENT, { headers: () => ({ 'set-cookie': 'one=1' }) });
  await openUrl(stack, server.url('/a'), {});
  const before = server.requests.length;
  await openUrl(stack, server.url('/b'), {});
  assert.equal(cookieOf(server.requests[before] ?? assert.fail()), undefined);
});

test('a server that sets a new cookie with every answer fills no memory', async () => {
  await using stack = new AsyncDisposableStack();
  let count = 0;
  const many = () => Array.from({ length: 90 }, () => `c${(count += 1)}=1; Path=/`);
  await using server = await FaultServer.start(CONTENT, {
    headers: () => ({ 'set-cookie': many() }),
    redirect: ({ path }) => (path === '/9' ? undefined : `/${Number(path.slice(1)) + 1}`),
  });
  await openUrl(stack, server.url('/0'), {});
  const sent = cookieOf(server.requests.at(-1) ?? assert.fail()) ?? '';
  assert.ok(sent.split(';').length <= 200, `${sent.split(';').length} cookies`);
});

test('a server that refuses without its cookie is told as such', async () => {
  await using stack = new AsyncDisposableStack();
  await using server = await FaultServer.start(CONTENT, {
    status: (request) => (cookieOf(request) === undefined ? 403 : undefined),
  });
  await assert.rejects(openUrl(stack, server.url(), {}), appError('SOURCE_FORBIDDEN', /403/));
});
