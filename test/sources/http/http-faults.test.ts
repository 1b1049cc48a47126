// Servers that misbehave: what is recovered gives the same bytes, what is not gives a true sentence.
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { test } from 'node:test';

import type { OpenSourceOptions } from '../../../src/sources/open/open-source.ts';
import { hashOf, hashOfStream, never } from '../../contract/source-contract.ts';
import { FaultServer, sampleBytes, type Faults } from '../../support/servers/fault-server.ts';
import { QUICK, appError, openRemote, openUrl } from '../opened.ts';

const MIB = 1024 * 1024;
const CONTENT = sampleBytes(5 * MIB + 77);

/** Streams the whole through the faults and compares. */
async function survives(faults: Faults, options: Partial<OpenSourceOptions> = {}): Promise<FaultServer> {
  await using opened = await openRemote(CONTENT, faults, options);
  assert.equal(await hashOfStream(opened.source, { start: 0 }), hashOf(CONTENT));
  return opened.server;
}

test('a connection reset every 300 KB is replaced at the exact byte', async () => {
  const server = await survives({ resetEveryBytes: 300_000 });
  assert.ok(server.requests.length >= 17, `${server.requests.length} requests`);
});

test('a connection closed every 300 KB costs no byte twice', async () => {
  const server = await survives({ closeEveryBytes: 300_000 });
  assert.ok(server.requests.length >= 17, `${server.requests.length} requests`);
  assert.ok(server.bytesSent < CONTENT.length + 400_000, `${server.bytesSent} bytes`);
});

test('a server that stops in mid-body is asked again at the byte', async () => {
  await survives({ stall: { atByte: 3 * MIB, forMs: 60_000 } });
});

test('a server that stops for several connections in a row recovers when it comes back', async () => {
  await survives({ stall: { atByte: 3 * MIB, forMs: 60_000, times: 4 } });
});

test('a server that stops for good is given up with a sentence', async () => {
  const options = { retry: { ...QUICK.retry, stallMs: 200, stallLimitMs: 700 } };
  await using opened = await openRemote(CONTENT, { stall: { atByte: 3 * MIB, forMs: 60_000, times: 99 } }, options);
  const startedMs = performance.now();
  await assert.rejects(hashOfStream(opened.source, { start: 0 }), appError('SOURCE_STALLED', /sent nothing for/));
  assert.ok(performance.now() - startedMs < 15_000);
});

test('a slow server is not a stalled one', async () => {
  const content = sampleBytes(700_000);
  await using opened = await openRemote(content, { bytesPerSecond: 400_000 });
  assert.equal(await hashOfStream(opened.source, { start: 0 }), hashOf(content));
  // First contact, the end, and growing requests: none was asked for twice.
  const starts = opened.server.requests.slice(2).map((request) => request.range?.start);
  assert.equal(new Set(starts).size, starts.length);
});

test('errors 503 between good answers are outlived', async () => {
  const failing = (index: number) => index === 0 || index === 1 || index === 4 || index === 5;
  const server = await survives({
    status: ({ index }) => (failing(index) ? 503 : undefined),
    resetEveryBytes: 2 * MIB,
  });
  assert.ok(server.requests.length > 6);
});

test('a server that stays at 503 is given up after four tries', async () => {
  await using server = await FaultServer.start(CONTENT, { status: () => 503 });
  await using stack = new AsyncDisposableStack();
  await assert.rejects(openUrl(stack, server.url(), {}), appError('SOURCE_FAILED', /The server answered 503/));
  assert.equal(server.requests.length, 4);
});

const STATUSES: [number, Parameters<typeof appError>[0], RegExp][] = [
  [401, 'SOURCE_FORBIDDEN', /does not allow access/],
  [403, 'SOURCE_FORBIDDEN', /does not allow access/],
  [404, 'SOURCE_NOT_FOUND', /does not have the file/],
  [410, 'SOURCE_NOT_FOUND', /does not have the file/],
  [418, 'SOURCE_FAILED', /The server answered 418/],
  [204, 'SOURCE_FAILED', /The server answered 204/],
];
for (const [status, code, sentence] of STATUSES) {
  test(`status ${status} is said at once`, async () => {
    await using server = await FaultServer.start(CONTENT, { status: () => status });
    await using stack = new AsyncDisposableStack();
    await assert.rejects(openUrl(stack, server.url(), {}), appError(code, sentence));
    assert.equal(server.requests.length, 1);
  });
}

test('a link that expires is named as such', async () => {
  await using opened = await openRemote(CONTENT);
  opened.server.faults = { status: () => 403 };
  await assert.rejects(hashOfStream(opened.source, { start: 0 }), appError('SOURCE_FORBIDDEN', /link has expired/));
});

test('a file that vanishes is named as such', async () => {
  await using opened = await openRemote(CONTENT);
  opened.server.faults = { status: () => 404 };
  const range = { start: 2 * MIB, end: 2 * MIB + 1 };
  await assert.rejects(opened.source.read(range, never()), appError('SOURCE_NOT_FOUND', /no longer/));
});

test('a new ETag is a changed source, and stays one', async () => {
  await using opened = await openRemote(CONTENT);
  opened.server.faults = { etag: '"v2"' };
  opened.server.content = sampleBytes(CONTENT.length, 2);
  const range = { start: 2 * MIB, end: 2 * MIB + 1 };
  await assert.rejects(opened.source.read(range, never()), appError('SOURCE_CHANGED'));
  opened.server.faults = {};
  await assert.rejects(opened.source.read(range, never()), appError('SOURCE_CHANGED'));
  await assert.rejects(opened.source.read({ start: 0, end: 1 }, never()), appError('SOURCE_CHANGED'));
});

test('another size is a changed source, even without an ETag', async () => {
  await using opened = await openRemote(CONTENT, { etag: null });
  opened.server.content = sampleBytes(CONTENT.length - 10, 2);
  const range = { start: 2 * MIB, end: 2 * MIB + 1 };
  await assert.rejects(opened.source.read(range, never()), appError('SOURCE_CHANGED'));
});

test('a change in mid-stream never mixes old and new bytes', async () => {
  await using opened = await openRemote(CONTENT, { resetEveryBytes: MIB });
  let at = 0;
  await assert.rejects(async () => {
    for await (const chunk of opened.source.stream({ start: 0 }, never())) {
      assert.ok(Buffer.from(CONTENT.subarray(at, at + chunk.length)).equals(chunk));
      at += chunk.length;
      opened.server.faults = { etag: '"v2"' };
      opened.server.content = sampleBytes(CONTENT.length, 2);
    }
  }, appError('SOURCE_CHANGED'));
});

test('a server that states more than it has is found out', async () => {
  const opening = openRemote(CONTENT, { extraBytes: 200_000 });
  await assert.rejects(opening, appError('SOURCE_FAILED', /before the end of the file|ended the file/));
});

test('a server that ends every body too early is found out', async () => {
  await using opened = await openRemote(CONTENT, {});
  opened.server.faults = { endAtByte: 3 * MIB };
  await assert.rejects(
    hashOfStream(opened.source, { start: 0 }),
    appError('SOURCE_FAILED', /before the end of the file|ended the file/),
  );
});

test('a server that forgets ranges near the start is read through, far from it is given up', async () => {
  await using opened = await openRemote(CONTENT);
  opened.server.faults = { ranges: false };
  const near = { start: 300_000, end: 300_500 };
  assert.ok(Buffer.from(CONTENT.subarray(300_000, 300_500)).equals(await opened.source.read(near, never())));
  const far = { start: 4 * MIB, end: 4 * MIB + 10 };
  await assert.rejects(opened.source.read(far, never()), appError('SOURCE_FAILED', /no longer answers ranges/));
});

test('nobody listening and unknown names are said in words', async () => {
  await using stack = new AsyncDisposableStack();
  const closed = createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const address = closed.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  closed.close();
  await once(closed, 'close');
  const refused = openUrl(stack, `http://127.0.0.1:${port}/a`, {});
  await assert.rejects(refused, appError('SOURCE_FAILED', /refused the connection/));
  const unknown = openUrl(stack, 'http://name.invalid/a', {});
  await assert.rejects(unknown, appError('SOURCE_FAILED', /name of the server/));
});

test('a server that accepts and never answers is said in words', async () => {
  await using stack = new AsyncDisposableStack();
  await using server = await FaultServer.start(CONTENT, { delayMs: 60_000 });
  const options = { firstRetry: { stallMs: 200, stallLimitMs: 200 } };
  await assert.rejects(openUrl(stack, server.url(), { options }), appError('SOURCE_STALLED'));
});

test('a web page, words and a manifest are not media, whatever the MIME type', async () => {
  await using stack = new AsyncDisposableStack();
  const answer = async (text: string, contentType: string, ranges = true) => {
    await using server = await FaultServer.start(Buffer.from(text), { contentType, ranges });
    await openUrl(stack, server.url(), {});
  };
  const page = '\n<!-- login -->\n<html><body>Log in</body></html>';
  await assert.rejects(answer(page, 'video/mp4'), appError('NOT_MEDIA', /sent a web page, not a media file/));
  await assert.rejects(answer(page, 'text/html', false), appError('NOT_MEDIA', /web page/));
  await assert.rejects(answer('Sorry, gone.', 'text/html'), appError('NOT_MEDIA', /web page/));
  await assert.rejects(answer('{"error":"no"}', 'application/json'), appError('NOT_MEDIA', /text/));
  await assert.rejects(answer('<?xml version="1.0"?><MPD></MPD>', 'video/mp4'), appError('UNSUPPORTED_MEDIA', /DASH/));
});

test('media with a wrong MIME type plays', async () => {
  for (const contentType of ['text/html', 'application/octet-stream', 'text/plain', null]) {
    await using opened = await openRemote(CONTENT, { contentType });
    assert.equal(opened.source.sizeBytes, CONTENT.length);
  }
});

test('an empty file is said to be empty', async () => {
  for (const ranges of [true, false]) {
    await assert.rejects(openRemote(new Uint8Array(), { ranges }), appError('NOT_MEDIA', /The file is empty/));
  }
});

test('files smaller than a page work', async () => {
  for (const size of [1, 100, 32_768, 65_536, 65_537]) {
    const content = sampleBytes(size);
    await using opened = await openRemote(content);
    assert.equal(await hashOfStream(opened.source, { start: 0 }), hashOf(content), `${size} bytes`);
  }
});
