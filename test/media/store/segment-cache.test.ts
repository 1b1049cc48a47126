// The cache directory: what is kept, what goes, and what happens when the disk is full.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { AppError } from '../../../src/base/app-error.ts';
import { SegmentCache, type SegmentCacheOptions } from '../../../src/media/store/segment-cache.ts';
import type { SegmentFile } from '../../../src/media/store/segment-file.ts';
import type { CachedRendition } from '../../../src/media/store/segment-path.ts';
import { SegmentStudio } from '../../support/workers/segment-studio.ts';

const rendition: CachedRendition = { sourceId: 'a'.repeat(32), key: '1080p', format: 'cmaf' };

/** A directory that is gone at the end. */
async function temporaryDirectory(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'raffi-cache-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

async function openCache(root: string, options: Partial<SegmentCacheOptions> = {}): Promise<SegmentCache> {
  return await SegmentCache.open({ root, keepFreeBytes: 0, ...options });
}

/** Publishes a segment of `sizeBytes` that is one box. */
async function fill(
  cache: SegmentCache,
  of: CachedRendition,
  { number, sizeBytes = 1000 }: { number: number; sizeBytes?: number },
): Promise<void> {
  const bytes = Buffer.alloc(sizeBytes, number);
  bytes.writeUInt32BE(sizeBytes, 0);
  await using draft = await cache.draft(of, number);
  await writeFile(draft.outputPath, bytes);
  await draft.publish();
}

async function numbersIn(cache: SegmentCache): Promise<number[]> {
  return Array.from({ length: 20 }, (_, number) => number).filter((number) => cache.has(rendition, number));
}

async function filesBelow(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

describe('the segment cache', () => {
  it('gives back what was published, with a validator that depends on rendition and number only', async () => {
    await using directory = await temporaryDirectory();
    await using cache = await openCache(directory.path);
    assert.equal(await cache.lookup(rendition, 1), undefined);
    await fill(cache, rendition, { number: 1 });
    await fill(cache, rendition, { number: 2 });
    const file = (await cache.lookup(rendition, 1)) ?? assert.fail();
    assert.equal(file.sizeBytes, 1000);
    assert.equal((await readFile(file.path)).readUInt8(999), 1);
    assert.match(file.etag, /^"[0-9a-f]{32}-1"$/);
    assert.notEqual((await cache.lookup(rendition, 2))?.etag, file.etag);
    await using other = await openCache(join(directory.path, 'other'));
    await fill(other, rendition, { number: 1 });
    assert.equal((await other.lookup(rendition, 1))?.etag, file.etag);
  });

  it('reads into memory what is asked for again and again', async () => {
    await using directory = await temporaryDirectory();
    await using cache = await openCache(directory.path);
    await fill(cache, rendition, { number: 1 });
    assert.equal((await cache.lookup(rendition, 1))?.bytes, undefined);
    await cache.lookup(rendition, 1);
    const file = (await cache.lookup(rendition, 1)) ?? assert.fail();
    assert.deepEqual(await readFile(file.path), file.bytes);
    assert.equal(cache.stats.memoryBytes, 1000);
  });

  it('keeps what does not fit into memory on the disk only', async () => {
    await using directory = await temporaryDirectory();
    await using cache = await openCache(directory.path, { memoryBytes: 8000 });
    await fill(cache, rendition, { number: 1, sizeBytes: 2001 });
    for (let look = 0; look < 5; look += 1) assert.equal((await cache.lookup(rendition, 1))?.bytes, undefined);
    for (let number = 2; number < 12; number += 1) {
      await fill(cache, rendition, { number, sizeBytes: 2000 });
      for (let look = 0; look < 5; look += 1) await cache.lookup(rendition, number);
      assert.equal((await cache.lookup(rendition, number))?.bytes?.byteLength, number < 6 ? 2000 : undefined);
    }
    assert.equal(cache.stats.memoryBytes, 8000);
  });

  it('evicts what was used least recently, and the files with it', async () => {
    await using directory = await temporaryDirectory();
    await using cache = await openCache(directory.path, { capBytes: 5000 });
    for (let number = 0; number < 5; number += 1) await fill(cache, rendition, { number });
    await cache.lookup(rendition, 0);
    await fill(cache, rendition, { number: 5 });
    await fill(cache, rendition, { number: 6 });
    assert.deepEqual(await numbersIn(cache), [0, 3, 4, 5, 6]);
    await cache[Symbol.asyncDispose]();
    assert.equal((await filesBelow(directory.path)).length, 5);
    assert.deepEqual(cache.stats, { segments: 5, sizeBytes: 5000, memoryBytes: 0, evicted: 2 });
  });

  it('never evicts what is in a window, until the viewer moves on, leaves, or is silent for long', async () => {
    let nowMs = 0;
    await using directory = await temporaryDirectory();
    await using cache = await openCache(directory.path, { capBytes: 3000, windowMs: 1000, now: () => nowMs });
    cache.keep('viewer', rendition, { from: 0, to: 3 });
    for (let number = 0; number < 5; number += 1) await fill(cache, rendition, { number });
    assert.deepEqual(await numbersIn(cache), [0, 1, 2, 4]);
    assert.equal(cache.isTight, true);
    cache.keep('viewer', rendition, { from: 2, to: 6 });
    await fill(cache, rendition, { number: 5 });
    assert.deepEqual(await numbersIn(cache), [2, 4, 5]);
    cache.release('viewer');
    await fill(cache, rendition, { number: 6 });
    assert.deepEqual(await numbersIn(cache), [4, 5, 6]);
    cache.keep('viewer', rendition, { from: 4, to: 5 });
    nowMs = 1000;
    await fill(cache, rendition, { number: 7 });
    assert.deepEqual(await numbersIn(cache), [5, 6, 7]);
  });

  it('leaves as much of the disk free as it was told', async () => {
    await using directory = await temporaryDirectory();
    await using cache = await openCache(directory.path, { keepFreeBytes: Number.MAX_SAFE_INTEGER });
    await fill(cache, rendition, { number: 0 });
    await fill(cache, rendition, { number: 1 });
    assert.deepEqual(await numbersIn(cache), [1]);
    assert.equal(cache.isTight, true);
  });

  it('can make a segment again that is being evicted', async () => {
    await using directory = await temporaryDirectory();
    await using cache = await openCache(directory.path, { capBytes: 1000 });
    for (let round = 0; round < 300; round += 1) {
      await Promise.all([
        fill(cache, rendition, { number: round % 2 }),
        fill(cache, rendition, { number: 1 - (round % 2) }),
      ]);
      const kept = (await numbersIn(cache))[0] ?? assert.fail();
      assert.equal((await cache.lookup(rendition, kept))?.sizeBytes, 1000);
    }
    await cache[Symbol.asyncDispose]();
    assert.equal((await filesBelow(directory.path)).length, 1);
  });

  it('makes a miss of a file that somebody has removed or shortened', async () => {
    await using directory = await temporaryDirectory();
    await using cache = await openCache(directory.path, { memoryBytes: 100 });
    await fill(cache, rendition, { number: 1 });
    await fill(cache, rendition, { number: 2 });
    await rm((await cache.lookup(rendition, 1))?.path ?? assert.fail());
    await truncate((await cache.lookup(rendition, 2))?.path ?? assert.fail(), 999);
    assert.equal(await cache.lookup(rendition, 1), undefined);
    assert.equal(await cache.lookup(rendition, 2), undefined);
    assert.equal(cache.stats.sizeBytes, 0);
  });

  it('makes paths from digests and numbers, whatever the key and the id hold', async () => {
    await using directory = await temporaryDirectory();
    await using cache = await openCache(join(directory.path, 'cache'));
    const hostile: CachedRendition[] = ['../../../etc', '/etc', 'a\0b', '', '..'].map((text) => ({
      sourceId: text,
      key: text,
      format: 'mpegts',
    }));
    for (const each of hostile) {
      await fill(cache, each, { number: 0, sizeBytes: 188 });
      const { path } = (await cache.lookup(each, 0)) ?? assert.fail();
      assert.match(relative(join(directory.path, 'cache'), path), /^[0-9a-f]{32}\/[0-9a-f]{32}\/0\.ts$/);
    }
    assert.equal(cache.stats.segments, hostile.length);
    assert.throws(() => cache.has(rendition, -1), RangeError);
    assert.deepEqual(await readdir(directory.path), ['cache']);
  });
});

async function outcomeOf(request: Promise<SegmentFile>): Promise<string> {
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
        cache: { root, keepFreeBytes: 0, memoryBytes: 1 },
        scheduler: { behindSeconds: 0, aheadSeconds: 0 },
      });
      const film = studio.rendition('film', 'copy', { sizeBytes: 200_000 });
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
