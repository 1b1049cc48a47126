import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hashOf, hashOfStream } from '../../contract/source-contract.ts';
import { FaultServer, sampleBytes } from '../../support/servers/fault-server.ts';
import { appError, openUrl } from '../opened.ts';

const CONTENT = sampleBytes(900_000);
const SECRETS = {
  Cookie: 'session=1',
  Authorization: 'Bearer x',
  Referer: 'http://a/',
  'User-Agent': 'Player/1',
  'X-Key': 'k',
};

test('redirects are followed, and later requests go straight to their end', async () => {
  await using stack = new AsyncDisposableStack();
  await using server = await FaultServer.start(CONTENT, {
    redirect: ({ path }) => ({ '/0': '/1', '/1': '2?sig=a', '/2?sig=a': '/film.mkv' })[path],
  });
  const { opened } = await openUrl(stack, server.url('/0'), {});
  assert.ok(opened.kind === 'media');
  assert.equal(await hashOfStream(opened.source, { start: 0 }), hashOf(CONTENT));
  assert.deepEqual(
    server.requests.slice(0, 4).map(({ path }) => path),
    ['/0', '/1', '/2?sig=a', '/film.mkv'],
  );
  assert.ok(server.requests.slice(3).every(({ path }) => path === '/film.mkv'));
});

test('ten redirects are followed, a circle is not', async () => {
  await using stack = new AsyncDisposableStack();
  await using server = await FaultServer.start(CONTENT, {
    redirect: ({ path }) => (Number(path.slice(1)) > 0 ? `/${Number(path.slice(1)) - 1}` : undefined),
  });
  await openUrl(stack, server.url('/10'), {});
  await assert.rejects(openUrl(stack, server.url('/11'), {}), appError('SOURCE_FAILED', /circles/));
});

test("the user's headers are sent to their own host and to no other", async () => {
  await using stack = new AsyncDisposableStack();
  await using other = await FaultServer.start(CONTENT);
  await using server = await FaultServer.start(CONTENT, {
    redirect: ({ path }) => (path === '/a' ? '/b' : other.url('/film.mkv', 'localhost')),
  });
  const { opened } = await openUrl(stack, server.url('/a'), { hints: { headers: SECRETS } });
  assert.ok(opened.kind === 'media');
  assert.equal(await hashOfStream(opened.source, { start: 0 }), hashOf(CONTENT));
  assert.equal(server.requests.length, 2);
  for (const { headers } of server.requests) {
    for (const [name, value] of Object.entries(SECRETS)) assert.equal(headers[name.toLowerCase()], value);
  }
  assert.ok(other.requests.length >= 3);
  for (const { headers } of other.requests) {
    for (const name of ['cookie', 'authorization', 'referer', 'x-key']) assert.equal(headers[name], undefined, name);
    assert.notEqual(headers['user-agent'], 'Player/1');
  }
});

test('another port is another host', async () => {
  await using stack = new AsyncDisposableStack();
  await using other = await FaultServer.start(CONTENT);
  await using server = await FaultServer.start(CONTENT, { redirect: () => other.url() });
  await openUrl(stack, server.url(), { hints: { headers: SECRETS } });
  assert.ok(other.requests.every(({ headers }) => headers.cookie === undefined));
});

test('a redirect to anything but http is refused', async () => {
  await using stack = new AsyncDisposableStack();
  for (const location of ['file:///etc/passwd', 'ftp://127.0.0.1/', 'data:,x']) {
    await using server = await FaultServer.start(CONTENT, { redirect: () => location });
    await assert.rejects(openUrl(stack, server.url(), {}), appError('SOURCE_UNUSABLE', /not http or https/));
  }
});

test('a signed address that expires is renewed through the one that was given', async () => {
  await using stack = new AsyncDisposableStack();
  let signature = 1;
  await using server = await FaultServer.start(CONTENT, {
    redirect: ({ path }) => (path === '/link' ? `/film.mkv?sig=${signature}` : undefined),
    status: ({ path }) => (path.endsWith(`sig=${signature}`) ? undefined : 403),
  });
  const { opened } = await openUrl(stack, server.url('/link'), {});
  assert.ok(opened.kind === 'media');
  signature = 2;
  assert.equal(await hashOfStream(opened.source, { start: 0 }), hashOf(CONTENT));
  assert.equal(server.requests.at(-1)?.path, '/film.mkv?sig=2');
});

test('equal content under another address has the same id, other content has not', async () => {
  await using stack = new AsyncDisposableStack();
  const idAt = async (content: Uint8Array, path: string, faults = {}): Promise<string> => {
    await using server = await FaultServer.start(content, faults);
    const { opened } = await openUrl(stack, server.url(path), {});
    assert.ok(opened.kind === 'media');
    return opened.source.id;
  };
  assert.equal(await idAt(CONTENT, '/a?sig=1'), await idAt(CONTENT, '/b?sig=2'));
  assert.notEqual(await idAt(CONTENT, '/a'), await idAt(CONTENT, '/a', { etag: '"v2"' }));
  const tail = Uint8Array.from(CONTENT);
  tail[tail.length - 5] = 0;
  assert.notEqual(await idAt(CONTENT, '/a', { etag: null }), await idAt(tail, '/a', { etag: null }));
  // In order only: the end is unknown, so without an ETag the address is all there is.
  const plain = { ranges: false };
  assert.equal(await idAt(CONTENT, '/a', plain), await idAt(CONTENT, '/b', plain));
  assert.notEqual(
    await idAt(CONTENT, '/a', { ...plain, etag: null }),
    await idAt(CONTENT, '/b', { ...plain, etag: null }),
  );
});

test('a redirect is followed even if its body breaks off', async () => {
  await using stack = new AsyncDisposableStack();
  await using server = await FaultServer.start(CONTENT, {
    breaksRedirects: true,
    redirect: ({ path }) => (path === '/film.mkv' ? '/moved' : undefined),
  });
  const { opened } = await openUrl(stack, server.url(), {});
  assert.ok(opened.kind === 'media');
  const bytes = await opened.source.read({ start: 5, end: 500 }, new AbortController().signal);
  assert.ok(Buffer.from(CONTENT.subarray(5, 500)).equals(bytes));
});

test('asks for the bytes as they are', async () => {
  await using stack = new AsyncDisposableStack();
  await using server = await FaultServer.start(CONTENT);
  await openUrl(stack, server.url(), {});
  const first = server.requests[0];
  assert.equal(first?.headers.range, 'bytes=0-327679');
  assert.equal(first?.headers['accept-encoding'], 'identity');
  assert.match(first?.headers['user-agent'] ?? '', /Raffi/);
});

/** As a header of these bytes is given to Node. */
function raw(text: string, encoding: 'utf8' | 'latin1'): string {
  return Buffer.from(text, encoding).toString('latin1');
}

test('the bytes of a Location are UTF-8 when they can be, else they stay as they are', async () => {
  for (const [location, path] of [
    [raw('/films/Café – 日本.mkv', 'utf8'), '/films/Caf%C3%A9%20%E2%80%93%20%E6%97%A5%E6%9C%AC.mkv'],
    [raw('Größe.mkv?name=ö', 'utf8'), '/a/Gr%C3%B6%C3%9Fe.mkv?name=%C3%B6'],
    [raw('/films/Größe.mkv', 'latin1'), '/films/Gr%F6%DFe.mkv'],
    [raw('/films/Größe %C3%B6 a.mkv', 'latin1'), '/films/Gr%F6%DFe%20%C3%B6%20a.mkv'],
    ['/films/Caf%e9 %2F%23.mkv#part', '/films/Caf%e9%20%2F%23.mkv'],
    ['../up.mkv#a', '/up.mkv'],
    ['?b=1', '/a/link?b=1'],
  ] as const) {
    await using stack = new AsyncDisposableStack();
    await using server = await FaultServer.start(CONTENT, {
      redirect: (request) => (request.path === '/a/link' ? location : undefined),
    });
    const { opened } = await openUrl(stack, server.url('/a/link'), {});
    assert.ok(opened.kind === 'media');
    assert.equal(await hashOfStream(opened.source, { start: 0 }), hashOf(CONTENT));
    assert.deepEqual(new Set(server.requests.slice(1).map((request) => request.path)), new Set([path]), location);
  }
});

test('a redirect in raw bytes is checked like any other', async () => {
  for (const [location, code] of [
    [raw('ftp://ö/', 'utf8'), 'SOURCE_UNUSABLE'],
    [raw('http://ö/', 'latin1'), 'SOURCE_UNUSABLE'],
    [raw('http://[::ffff:0.0.0.0]:1/ö', 'utf8'), 'SOURCE_FORBIDDEN'],
  ] as const) {
    await using stack = new AsyncDisposableStack();
    await using server = await FaultServer.start(CONTENT, { redirect: () => location });
    await assert.rejects(openUrl(stack, server.url(), {}), appError(code));
    assert.equal(server.requests.length, 1);
  }
});

test('the title of a film is its name, in UTF-8 or Latin-1', async () => {
  for (const [path, name] of [
    ['/Gr%C3%B6%C3%9Fe.mkv', 'Größe.mkv'],
    ['/Gr%F6%DFe.mkv', 'Größe.mkv'],
    ['/100%.mkv', '100%.mkv'],
  ] as const) {
    await using stack = new AsyncDisposableStack();
    await using server = await FaultServer.start(CONTENT);
    const { opened } = await openUrl(stack, server.url(path), {});
    assert.ok(opened.kind === 'media');
    assert.equal(opened.source.name, name);
  }
});
