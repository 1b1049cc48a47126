import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import type { OpenSourceOptions } from '../../../src/sources/open/open-source.ts';
import { hashOf, hashOfStream, never } from '../../contract/source-contract.ts';
import { FaultServer, sampleBytes } from '../../support/servers/fault-server.ts';
import { QUICK, appError, eventually, openRemote, openUrl, temporaryDirectory } from '../opened.ts';

const MIB = 1024 * 1024;
const CONTENT = sampleBytes(5 * MIB + 77);

test('a server that says it has no ranges gives all bytes with one request, in order', async () => {
  await using opened = await openRemote(CONTENT, { ranges: false, headers: () => ({ 'accept-ranges': 'none' }) });
  assert.equal(opened.source.seekable, false);
  assert.equal(opened.source.sizeBytes, CONTENT.length);
  const end = { start: CONTENT.length - 1000, end: CONTENT.length };
  assert.ok(Buffer.from(CONTENT.subarray(end.start)).equals(await opened.source.read(end, never())));
  assert.equal(await hashOfStream(opened.source, { start: 0 }), hashOf(CONTENT));
  assert.equal(opened.server.requests.length, 1);
});

test('the size of a body without a length is known at its end', async () => {
  await using opened = await openRemote(CONTENT, { ranges: false, length: false, bytesPerSecond: 10 * MIB });
  assert.equal(opened.source.sizeBytes, undefined);
  assert.equal((await opened.source.read({ start: 0, end: 99 * MIB }, never())).length, CONTENT.length);
  assert.equal(opened.source.sizeBytes, CONTENT.length);
});

test('a server that says nothing of ranges is asked for one without an end, while its first answer goes on', async () => {
  await using opened = await openRemote(CONTENT, { ranges: false });
  assert.equal(opened.source.seekable, false);
  assert.equal(await hashOfStream(opened.source, { start: 0 }), hashOf(CONTENT));
  const last = CONTENT.length - 16_384;
  assert.deepEqual(
    opened.server.requests.map(({ headers }) => headers.range),
    ['bytes=0-327679', `bytes=${last}-`],
  );
});

test('a server that never says how large the file is is read in order', async () => {
  await using opened = await openRemote(CONTENT, { total: false, length: false });
  assert.equal(opened.source.seekable, false);
  assert.equal(await hashOfStream(opened.source, { start: 0 }), hashOf(CONTENT));
});

test('bytes behind are there while the rest is on its way', async () => {
  // All of it would take 20 s.
  await using opened = await openRemote(CONTENT, { ranges: false, bytesPerSecond: MIB / 4 });
  const startedMs = performance.now();
  await opened.source.read({ start: 0, end: 50_000 }, never());
  for await (const _chunk of opened.source.stream({ start: 1000 }, never())) break;
  assert.ok(performance.now() - startedMs < 5_000);
});

test('the download waits when it is far enough ahead of its readers', async () => {
  const content = sampleBytes(40 * MIB);
  await using opened = await openRemote(content, { ranges: false }, { spoolAheadBytes: MIB });
  await delay(400);
  // What the kernel holds for a pair of sockets comes on top.
  assert.ok(opened.server.bytesSent < 12 * MIB, `${opened.server.bytesSent}`);
  assert.equal(await hashOfStream(opened.source, { start: 0 }), hashOf(content));
  assert.equal(opened.server.requests.length, 2);
});

test('a lost connection starts over and gives every byte once', async () => {
  for (const fault of [{ closeEveryBytes: 3 * MIB }, { stall: { atByte: 3 * MIB, forMs: 60_000 } }]) {
    await using opened = await openRemote(CONTENT, { ranges: false, ...fault });
    await eventually(() => opened.server.bytesSent > 2 * MIB);
    opened.server.faults = { ranges: false, ...('stall' in fault ? fault : {}) };
    assert.equal(await hashOfStream(opened.source, { start: 0 }), hashOf(CONTENT));
    assert.equal(opened.server.requests.length, 3);
  }
});

test('a lost connection to a body without a length starts over too', async () => {
  await using opened = await openRemote(CONTENT, { ranges: false, length: false, resetEveryBytes: 3 * MIB });
  await eventually(() => opened.server.bytesSent > 2 * MIB);
  opened.server.faults = { ranges: false, length: false };
  assert.equal(await hashOfStream(opened.source, { start: 0 }), hashOf(CONTENT));
});

test('another file after a lost connection is found out by its bytes', async () => {
  await using opened = await openRemote(CONTENT, { ranges: false, etag: null, closeEveryBytes: 3 * MIB });
  await eventually(() => opened.server.bytesSent > 2 * MIB);
  opened.server.content = sampleBytes(CONTENT.length, 2);
  await assert.rejects(hashOfStream(opened.source, { start: 0 }), appError('SOURCE_CHANGED'));
});

test('a body that always ends early is given up with a sentence', async () => {
  await using opened = await openRemote(CONTENT, { ranges: false, endAtByte: 3 * MIB });
  await assert.rejects(
    hashOfStream(opened.source, { start: 0 }),
    appError('SOURCE_FAILED', /end of the file|ended the file/),
  );
  // What came is still there.
  assert.equal((await opened.source.read({ start: 0, end: MIB }, never())).length, MIB);
});

test('a server that was away is tried again by the next reader', async () => {
  const options = { retry: { ...QUICK.retry, tries: 2 } };
  await using opened = await openRemote(CONTENT, { ranges: false, closeEveryBytes: 3 * MIB }, options);
  opened.server.faults = { status: () => 500 };
  await assert.rejects(hashOfStream(opened.source, { start: 0 }), appError('SOURCE_FAILED', /500/));
  opened.server.faults = { ranges: false };
  assert.equal(await hashOfStream(opened.source, { start: 0 }), hashOf(CONTENT));
});

test('the temporary file is private and goes with the source', async () => {
  await using opened = await openRemote(CONTENT, { ranges: false });
  assert.equal((await readdir(opened.directory)).length, 1);
  await opened.source[Symbol.asyncDispose]();
  assert.deepEqual(await readdir(opened.directory), []);
  await eventually(() => opened.server.active === 0);
});

test('a full disk is said in words, what was written stays readable, and it goes on when there is space', async (context) => {
  await using stack = new AsyncDisposableStack();
  const disk = await smallDisk(stack);
  if (disk === undefined) return context.skip('no permission to mount a small file system');
  await writeFile(join(disk, 'ballast'), Buffer.alloc(2 * MIB));
  await using server = await FaultServer.start(CONTENT, { ranges: false });
  const { opened } = await openUrl(stack, server.url(), { options: { spoolDirectory: disk, spoolKeepFreeBytes: 0 } });
  assert.ok(opened.kind === 'media');
  await assert.rejects(hashOfStream(opened.source, { start: 0 }), appError('DISK_FULL', /The disk is full/));
  assert.equal((await opened.source.read({ start: 0, end: MIB }, never())).length, MIB);
  await rm(join(disk, 'ballast'));
  assert.equal(await hashOfStream(opened.source, { start: 0 }), hashOf(CONTENT));
});

test('the copy grows to its cap and no further, and never takes the reserve of its disk', async (context) => {
  await using stack = new AsyncDisposableStack();
  await using server = await FaultServer.start(CONTENT, { ranges: false });
  const read = async (options: Partial<OpenSourceOptions>) => {
    const { opened, directory } = await openUrl(stack, server.url(), { options });
    assert.ok(opened.kind === 'media');
    await assert.rejects(hashOfStream(opened.source, { start: 0 }), appError('DISK_FULL'));
    const place = options.spoolDirectory ?? directory;
    const [copy = ''] = (await readdir(place)).filter((name) => name.endsWith('.spool'));
    return (await stat(join(place, copy))).size;
  };
  const copied = await read({ spoolCapBytes: MIB });
  assert.ok(copied > 0 && copied <= MIB, `${copied} bytes`);
  const disk = await smallDisk(stack);
  if (disk === undefined) return context.skip('no permission to mount a small file system');
  await writeFile(join(disk, 'ballast'), Buffer.alloc(5.6 * MIB));
  assert.equal(await read({ spoolDirectory: disk }), 0);
});

test('a source that cannot be opened leaves nothing behind', async () => {
  await using stack = new AsyncDisposableStack();
  await using server = await FaultServer.start(CONTENT, { ranges: false });
  const options = { spoolDirectory: join('/nonexistent', 'x') };
  await assert.rejects(openUrl(stack, server.url(), { options }), appError('SOURCE_FAILED', /temporary file/));
  await eventually(() => server.active === 0);
});

/** A file system of 6 MiB; undefined without the right to mount one. */
async function smallDisk(stack: AsyncDisposableStack): Promise<string | undefined> {
  const directory = await temporaryDirectory(stack);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', directory], { stdio: 'ignore' });
  } catch {
    return undefined;
  }
  stack.defer(() => void execFileSync('umount', ['-l', directory]));
  return directory;
}
