// The local segment store: what is in memory, what is kept, what goes, and what happens when the disk is full.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { AppError } from '../../../src/base/app-error.ts';
import {
  LocalSegmentStore,
  type LocalSegmentStoreOptions,
} from '../../../src/media/store/local/local-segment-store.ts';
import type { Segment } from '../../../src/media/store/segment-store.ts';
import type { StoredRendition } from '../../../src/media/model/rendition-track.ts';
import { SegmentStudio } from '../../support/workers/segment-studio.ts';
import { bytesOfSegment } from '../../support/stores/segment-bytes.ts';

const rendition: StoredRendition = { sourceId: 'a'.repeat(32), key: '1080p', format: 'cmaf' };

/** A directory that is gone at the end. */
async function temporaryDirectory(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'raffi-cache-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

async function openStore(root: string, options: Partial<LocalSegmentStoreOptions> = {}): Promise<LocalSegmentStore> {
  return await LocalSegmentStore.open({ root, keepFreeBytes: 0, ...options });
}

/** Publishes a segment of `sizeBytes` that is one box, unless the store holds it. */
async function fill(
  store: LocalSegmentStore,
  of: StoredRendition,
  { number, sizeBytes = 1000 }: { number: number; sizeBytes?: number },
): Promise<void> {
  const bytes = Buffer.alloc(sizeBytes, number);
  bytes.writeUInt32BE(sizeBytes, 0);
  const { claim } = await store.claim(of, number, AbortSignal.timeout(10_000));
  if (!claim) return;
  await using held = claim;
  await writeFile(held.outputPath, bytes);
  await held.publish();
}

async function numbersIn(store: LocalSegmentStore): Promise<number[]> {
  return Array.from({ length: 20 }, (_, number) => number).filter((number) => store.peek(rendition, number));
}

/** Whether one more request finds it there. */
async function isInMemory(store: LocalSegmentStore, of: StoredRendition, number: number): Promise<boolean> {
  const segment = (await store.get(of, number)) ?? assert.fail();
  using parts = await segment.open({ start: 0, end: segment.sizeBytes });
  return parts.bytes !== undefined;
}

async function filesBelow(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

describe('the local segment store', () => {
  it('reads into memory what is asked for again and again', async () => {
    await using directory = await temporaryDirectory();
    await using store = await openStore(directory.path);
    await fill(store, rendition, { number: 1 });
    for (const isExpected of [false, true]) assert.equal(await isInMemory(store, rendition, 1), isExpected);
    const segment = (await store.get(rendition, 1)) ?? assert.fail();
    assert.equal((await bytesOfSegment(segment)).readUInt8(999), 1);
    assert.equal(store.stats.memoryBytes, 1000);
  });

  it('keeps what does not fit into memory on the disk only', async () => {
    await using directory = await temporaryDirectory();
    await using store = await openStore(directory.path, { memoryBytes: 8000 });
    await fill(store, rendition, { number: 1, sizeBytes: 2001 });
    for (let look = 0; look < 5; look += 1) assert.equal(await isInMemory(store, rendition, 1), false);
    for (let number = 2; number < 12; number += 1) {
      await fill(store, rendition, { number, sizeBytes: 2000 });
      for (let look = 0; look < 5; look += 1) await store.get(rendition, number);
      assert.equal(await isInMemory(store, rendition, number), number < 6);
    }
    assert.equal(store.stats.memoryBytes, 8000);
  });

  it('evicts what was used least recently, and the files with it', async () => {
    await using directory = await temporaryDirectory();
    await using store = await openStore(directory.path, { capBytes: 5000 });
    for (let number = 0; number < 5; number += 1) await fill(store, rendition, { number });
    await store.get(rendition, 0);
    await fill(store, rendition, { number: 5 });
    await fill(store, rendition, { number: 6 });
    assert.deepEqual(await numbersIn(store), [0, 3, 4, 5, 6]);
    await store[Symbol.asyncDispose]();
    assert.equal((await filesBelow(directory.path)).length, 5);
    assert.deepEqual(store.stats, { segments: 5, sizeBytes: 5000, memoryBytes: 0, evicted: 2 });
  });

  it('never evicts what is in a window, until the viewer moves on, leaves, or is silent for long', async () => {
    let nowMs = 0;
    await using directory = await temporaryDirectory();
    await using store = await openStore(directory.path, { capBytes: 3000, pinMs: 1000, now: () => nowMs });
    store.pin('viewer', rendition, { from: 0, to: 3 });
    for (let number = 0; number < 5; number += 1) await fill(store, rendition, { number });
    assert.deepEqual(await numbersIn(store), [0, 1, 2, 4]);
    assert.equal(store.isTight, true);
    store.pin('viewer', rendition, { from: 2, to: 6 });
    await fill(store, rendition, { number: 5 });
    assert.deepEqual(await numbersIn(store), [2, 4, 5]);
    store.unpin('viewer');
    await fill(store, rendition, { number: 6 });
    assert.deepEqual(await numbersIn(store), [4, 5, 6]);
    store.pin('viewer', rendition, { from: 4, to: 5 });
    nowMs = 1000;
    await fill(store, rendition, { number: 7 });
    assert.deepEqual(await numbersIn(store), [5, 6, 7]);
  });

  it('leaves as much of the disk free as it was told', async () => {
    await using directory = await temporaryDirectory();
    await using store = await openStore(directory.path, { keepFreeBytes: Number.MAX_SAFE_INTEGER });
    await fill(store, rendition, { number: 0 });
    await fill(store, rendition, { number: 1 });
    assert.deepEqual(await numbersIn(store), [1]);
    assert.equal(store.isTight, true);
  });

  it('can make a segment again that is being evicted', async () => {
    await using directory = await temporaryDirectory();
    await using store = await openStore(directory.path, { capBytes: 1000 });
    for (let round = 0; round < 300; round += 1) {
      await Promise.all([
        fill(store, rendition, { number: round % 2 }),
        fill(store, rendition, { number: 1 - (round % 2) }),
      ]);
      const kept = (await numbersIn(store))[0] ?? assert.fail();
      assert.equal((await store.get(rendition, kept))?.sizeBytes, 1000);
    }
    await store[Symbol.asyncDispose]();
    assert.equal((await filesBelow(directory.path)).length, 1);
  });

  it('makes a miss of a file that somebody has removed or shortened', async () => {
    await using directory = await temporaryDirectory();
    await using store = await openStore(directory.path, { memoryBytes: 100 });
    await fill(store, rendition, { number: 1 });
    await fill(store, rendition, { number: 2 });
    const [one = '', two = ''] = (await filesBelow(directory.path)).toSorted();
    await rm(join(directory.path, one));
    await truncate(join(directory.path, two), 999);
    assert.equal(await store.get(rendition, 1), undefined);
    assert.equal(await store.get(rendition, 2), undefined);
    assert.equal(store.stats.sizeBytes, 0);
  });

  it('makes paths from digests and numbers, whatever the key and the id hold', async () => {
    await using directory = await temporaryDirectory();
    await using store = await openStore(join(directory.path, 'cache'));
    const hostile: StoredRendition[] = ['../../../etc', '/etc', 'a\0b', '', '..'].map((text) => ({
      sourceId: text,
      key: text,
      format: 'mpegts',
    }));
    for (const each of hostile) {
      await fill(store, each, { number: 0, sizeBytes: 188 });
    }
    const paths = await filesBelow(join(directory.path, 'cache'));
    for (const path of paths) assert.match(path, /^[0-9a-f]{32}\/[0-9a-f]{32}\/0\.ts$/);
    assert.equal(paths.length, hostile.length);
    assert.equal(store.stats.segments, hostile.length);
    assert.throws(() => store.peek(rendition, -1), RangeError);
    assert.deepEqual(await readdir(directory.path), ['cache']);
  });
});

async function outcomeOf(request: Promise<Segment>): Promise<string> {
  return await request.then(
    () => 'made',
    (error: unknown) => (error instanceof AppError ? error.code : String(error)),
  );
}

describe('on a full disk', () => {
  it('old segments make room; when viewers need them all a request fails with DISK_FULL, and works again later', async (context) => {
    await using directory = await temporaryDirectory();
    const run = promisify(execFile);
    const root = join(directory.path, 'small');
    await mkdir(root);
    const isMounted = await run('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', root]).then(
      () => true,
      () => false,
    );
    if (!isMounted) return context.skip('this user may not mount a small disk');
    try {
      await using studio = await SegmentStudio.open({
        store: { root, keepFreeBytes: 0, memoryBytes: 1 },
        scheduler: { behindSeconds: 0, aheadSeconds: 0 },
      });
      const film = studio.rendition('film', 'short', { sizeBytes: 200_000 });
      for (let number = 0; number < 10; number += 1)
        assert.equal((await studio.request(film, number, 'one')).sizeBytes, 200_000);
      // One viewer around each segment that fits: nothing may go.
      const viewers = ['one', 'two', 'three', 'four', 'five', 'six'];
      const outcomes = [];
      for (const [index, viewer] of viewers.entries())
        outcomes.push(await outcomeOf(studio.request(film, 20 + index, viewer)));
      assert.deepEqual(outcomes, ['made', 'made', 'made', 'made', 'made', 'DISK_FULL']);
      assert.deepEqual(await readdir(join(root, 'drafts')), []);
      studio.scheduler.viewerGone('three');
      assert.equal(await outcomeOf(studio.request(film, 30, 'six')), 'made');
      assert.equal(await outcomeOf(studio.request(film, 21, 'two')), 'made');
    } finally {
      await run('umount', ['-l', root]);
    }
  });
});
