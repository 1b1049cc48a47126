// What reading costs: which requests are made, how far ahead, over how many connections, and what is left afterwards.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { hashOf, hashOfStream, never } from '../../contract/source-contract.ts';
import { sampleBytes } from '../../support/servers/fault-server.ts';
import { eventually, openRemote } from '../opened.ts';

const MIB = 1024 * 1024;
const CONTENT = sampleBytes(40 * MIB);
const OPENING = 327_680;
const OPENING_AND_TAIL = OPENING + 32_768;

test('opening costs two requests, for what every film is read from first', async () => {
  await using opened = await openRemote(CONTENT);
  await opened.source.read({ start: 0, end: OPENING }, never());
  assert.equal(opened.server.requests.length, 2);
  assert.equal(opened.server.bytesSent, OPENING_AND_TAIL);
});

test('the opening is there as soon as its first bytes are, and what is lost of it is requested again', async () => {
  await using slow = await openRemote(CONTENT, { bytesPerSecond: 200_000 });
  // The end of the file was read meanwhile, and what comes of the opening is given out at once.
  assert.ok(slow.server.bytesSent < OPENING);
  await slow.source.read({ start: 70_000, end: 80_000 }, never());
  assert.ok(slow.server.bytesSent < OPENING_AND_TAIL, `${slow.server.bytesSent}`);
  for (const fault of [{ resetEveryBytes: 150_000 }, { closeEveryBytes: 150_000 }]) {
    await using broken = await openRemote(CONTENT, fault);
    const bytes = await broken.source.read({ start: 60_000, end: OPENING + 5 }, never());
    assert.ok(Buffer.from(CONTENT.subarray(60_000, OPENING + 5)).equals(bytes));
  }
  const closing = await openRemote(CONTENT, { bytesPerSecond: 200_000 });
  const reading = assert.rejects(closing.source.read({ start: 300_000, end: 300_010 }, never()));
  await closing.source[Symbol.asyncDispose]();
  await reading;
  await eventually(() => closing.server.active === 0);
  await closing[Symbol.asyncDispose]();
});

test('of an answer that goes on to the end of the file no more is taken than was asked for', async () => {
  await using opened = await openRemote(CONTENT, { answersToEnd: true });
  const bytes = await opened.source.read({ start: 0, end: OPENING }, never());
  assert.ok(Buffer.from(CONTENT.subarray(0, OPENING)).equals(bytes));
  await eventually(() => opened.server.active === 0);
  // What lies in the buffers of sockets was sent for nothing.
  assert.ok(opened.server.bytesSent < 20 * MIB, `${opened.server.bytesSent}`);
});

test('reads cost what they ask for, rounded to pages, and nothing twice', async () => {
  await using opened = await openRemote(CONTENT);
  const { source, server } = opened;
  await source.read({ start: 0, end: OPENING }, never());
  await source.read({ start: 10 * MIB + 5, end: 10 * MIB + 300 }, never());
  assert.equal(server.bytesSent, OPENING_AND_TAIL + 32_768);
  await source.read({ start: 10 * MIB + 1000, end: 10 * MIB + 40_000 }, never());
  assert.equal(server.bytesSent, OPENING_AND_TAIL + 2 * 32_768);
  await source.read({ start: 0, end: 65_536 }, never());
  await source.read({ start: CONTENT.length - 16_384, end: CONTENT.length }, never());
  await delay(50);
  assert.equal(server.bytesSent, OPENING_AND_TAIL + 2 * 32_768);
  assert.equal(server.requests.length, 4);
});

test('an index of 50 scattered reads costs less than 5 % of a 40 MB file', async () => {
  await using opened = await openRemote(CONTENT);
  for (let index = 0; index < 50; index += 1) {
    await opened.source.read({ start: index * 800_000, end: index * 800_000 + 12 }, never());
  }
  assert.ok(opened.server.bytesSent < CONTENT.length * 0.05, `${opened.server.bytesSent}`);
  assert.ok(opened.server.connections <= 2, `${opened.server.connections} connections`);
});

test('readers of the same bytes share one request', async () => {
  await using opened = await openRemote(CONTENT, { delayMs: 30 });
  const range = { start: 20 * MIB, end: 21 * MIB };
  const all = await Promise.all(Array.from({ length: 20 }, () => opened.source.read(range, never())));
  assert.ok(all.every((bytes) => Buffer.from(CONTENT.subarray(range.start, range.end)).equals(bytes)));
  assert.equal(opened.server.requests.length, 3);
});

test('a read that everyone has left is given up', async () => {
  await using opened = await openRemote(CONTENT);
  opened.server.faults = { bytesPerSecond: 200_000 };
  const stop = new AbortController();
  const reading = opened.source.read({ start: 20 * MIB, end: 30 * MIB }, stop.signal);
  await eventually(() => opened.server.requests.length === 3);
  stop.abort();
  await assert.rejects(reading);
  await eventually(() => opened.server.active === 0);
});

test('a whole stream takes some growing requests, one where the last ended', async () => {
  await using opened = await openRemote(CONTENT);
  assert.equal(await hashOfStream(opened.source, { start: 0 }), hashOf(CONTENT));
  const [, , ...requests] = opened.server.requests.map(({ range }) => range);
  assert.ok(requests.length <= 20, `${requests.length}`);
  for (const [index, range] of requests.entries()) {
    assert.equal(range?.start, index === 0 ? requests[0]?.start : requests[index - 1]?.end);
  }
});

test('a reader that only looks at the start costs little', async () => {
  await using opened = await openRemote(CONTENT, {}, { idleMs: 50 });
  opened.server.faults = { bytesPerSecond: 100 * MIB };
  for await (const _chunk of opened.source.stream({ start: 20 * MIB }, never())) break;
  await delay(200);
  // The window, and what lies in the buffers of two sockets.
  assert.ok(opened.server.bytesSent < 4 * MIB, `${opened.server.bytesSent}`);
});

test('read-ahead stops at its limit while the reader pauses, and goes on from there', async () => {
  const content = sampleBytes(30 * MIB);
  await using opened = await openRemote(content, {}, { readAheadBytes: 2 * MIB, idleMs: 100 });
  const chunks = opened.source.stream({ start: 0 }, never())[Symbol.asyncIterator]();
  let at = 0;
  while (at < 8 * MIB) at += await taken(chunks);
  await delay(400);
  assert.ok(opened.server.bytesSent < 18 * MIB, `${opened.server.bytesSent}`);
  // Nobody needs the connection while the reader pauses.
  assert.equal(opened.server.active, 0);
  const requests = opened.server.requests.length;
  for (let length = await taken(chunks); length > 0; length = await taken(chunks)) at += length;
  assert.equal(at, content.length);
  assert.ok(opened.server.requests.length <= requests + 4);
  assert.ok((opened.server.requests[requests]?.range?.start ?? 0) >= 8 * MIB);
});

test('the next stream continues the download of the last one', async () => {
  await using opened = await openRemote(CONTENT, { bytesPerSecond: 60 * MIB }, { readAheadBytes: 512 * 1024 });
  const { source, server } = opened;
  const take = async (start: number, end: number) => {
    assert.equal(await hashOfStream(source, { start, end }), hashOf(CONTENT.subarray(start, end)));
  };
  await take(10 * MIB, 12 * MIB);
  await take(12 * MIB, 14 * MIB);
  // A little ahead: caught up with.
  await take(14 * MIB + 300_000, 16 * MIB);
  const ranges = server.requests.slice(2).map(({ range }) => range);
  for (const [index, range] of ranges.entries()) {
    if (index > 0) assert.equal(range?.start, ranges[index - 1]?.end);
  }
  await take(30 * MIB, 31 * MIB);
  assert.equal(server.requests[2 + ranges.length]?.range?.start, 30 * MIB);
});

test('who reads by requests of a megabyte finds the next one here already, and more as it goes on', async () => {
  await using opened = await openRemote(CONTENT, {}, { idleMs: 100 });
  const { source, server } = opened;
  const furthest = (): number => Math.max(...server.requests.slice(2).map(({ range }) => range?.end ?? 0));
  for (const megabyte of [10, 11, 12]) {
    const range = { start: megabyte * MIB, end: (megabyte + 1) * MIB };
    assert.equal(await hashOfStream(source, range), hashOf(CONTENT.subarray(range.start, range.end)));
    await eventually(() => furthest() >= range.end + MIB);
  }
  await eventually(() => furthest() >= 16 * MIB);
  // It does not go on: what is far ahead is never asked for, and nothing stays open.
  await eventually(() => server.active === 0);
  assert.ok(furthest() <= 24 * MIB, `${furthest() / MIB}`);
});

test('who looks at a few places by small requests is not read ahead of', async () => {
  await using opened = await openRemote(CONTENT);
  for (const start of [10 * MIB, 10 * MIB + 131_072, 20 * MIB]) {
    await hashOfStream(opened.source, { start, end: start + 131_072 });
  }
  await delay(50);
  assert.equal(opened.server.bytesSent, OPENING_AND_TAIL + 3 * 131_072);
});

test('readers of one place share one download', async () => {
  await using opened = await openRemote(CONTENT, { bytesPerSecond: 60 * MIB });
  const range = { start: 5 * MIB, end: 15 * MIB };
  const expected = hashOf(CONTENT.subarray(range.start, range.end));
  const hashes = await Promise.all(Array.from({ length: 4 }, () => hashOfStream(opened.source, range)));
  assert.deepEqual(hashes, [expected, expected, expected, expected]);
  const starts = opened.server.requests.slice(2).map((request) => request.range?.start);
  assert.equal(new Set(starts).size, starts.length);
});

test('never more than four connections, and every one of twelve readers gets its bytes', async () => {
  await using opened = await openRemote(CONTENT, { bytesPerSecond: 20 * MIB });
  const readers = Array.from({ length: 12 }, async (_, index) => {
    const range = { start: index * 3 * MIB, end: index * 3 * MIB + 400_000 };
    const hash =
      index % 2 === 0 ? await hashOfStream(opened.source, range) : hashOf(await opened.source.read(range, never()));
    assert.equal(hash, hashOf(CONTENT.subarray(range.start, range.end)));
  });
  await Promise.all(readers);
  // The server notices the end of a connection a little late.
  assert.ok(opened.server.mostActive <= 6, `${opened.server.mostActive} at once`);
});

test('readers that do not read cannot lock others out', async () => {
  await using opened = await openRemote(CONTENT, {}, { idleMs: 60_000 });
  const idle = [5, 10, 15, 20].map((mib) =>
    opened.source.stream({ start: mib * MIB }, never())[Symbol.asyncIterator](),
  );
  for (const stream of idle) await stream.next();
  const startedMs = performance.now();
  await opened.source.read({ start: 30 * MIB, end: 30 * MIB + 10 }, never());
  assert.ok(performance.now() - startedMs < 10_000);
  for (const stream of idle) for (let got = 0; got < 2 * MIB;) got += await taken(stream);
  for (const stream of idle) await stream.return?.(undefined);
});

test('a reader that leaves frees its connection soon', async () => {
  await using opened = await openRemote(CONTENT, { bytesPerSecond: 500_000 });
  const stop = new AbortController();
  const reading = assert.rejects(async () => {
    for await (const _chunk of opened.source.stream({ start: 5 * MIB }, stop.signal)) stop.abort();
  });
  await reading;
  await eventually(() => opened.server.active === 0, 1_500);
});

test('a reader that leaves while the server hangs frees its connection soon', async () => {
  await using opened = await openRemote(CONTENT, {}, { retry: { stallMs: 20_000 } });
  opened.server.faults = { delayMs: 60_000 };
  const stop = new AbortController();
  const reading = assert.rejects(async () => {
    for await (const _chunk of opened.source.stream({ start: 5 * MIB }, stop.signal)) continue;
  });
  await eventually(() => opened.server.requests.length === 3);
  stop.abort();
  await reading;
  await eventually(() => opened.server.active === 0, 1_500);
});

test('closing closes every connection', async () => {
  await using opened = await openRemote(CONTENT, { bytesPerSecond: 500_000 });
  const streams = [1, 9, 17].map((mib) => hashOfStream(opened.source, { start: mib * MIB }));
  await eventually(() => opened.server.mostActive >= 3);
  const settled = Promise.allSettled(streams);
  await opened.source[Symbol.asyncDispose]();
  assert.ok((await settled).every(({ status }) => status === 'rejected'));
  await eventually(() => opened.server.active === 0);
});

test('memory stays within the cache while much more goes through', async () => {
  await using opened = await openRemote(CONTENT, {}, { cacheBytes: 4 * MIB, readAheadBytes: MIB });
  const { source } = opened;
  await hashOfStream(source, { start: 0 });
  const before = process.memoryUsage().arrayBuffers;
  for (let round = 0; round < 5; round += 1) await hashOfStream(source, { start: 0 });
  assert.ok(process.memoryUsage().arrayBuffers - before < 60 * MIB);
});

/** Bytes of the next chunk; 0 at the end. */
async function taken(chunks: AsyncIterator<Uint8Array>): Promise<number> {
  const step = await chunks.next();
  return step.done === true ? 0 : step.value.length;
}
