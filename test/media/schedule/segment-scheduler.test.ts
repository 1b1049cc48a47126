// Rules of the scheduler, seen from outside: which jobs real worker processes are given, and what comes back.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAbort } from '../../../src/base/app-error.ts';
import { SegmentStudio } from '../../support/workers/segment-studio.ts';
import { bytesOfSegment } from '../../support/stores/segment-bytes.ts';

describe('copied segments', () => {
  it('are made once for a hundred parallel requests', async () => {
    await using studio = await SegmentStudio.open();
    const rendition = studio.rendition('copied', 'short', { segmentMs: 50 });
    const requests = Array.from({ length: 100 }, (_, index) => studio.request(rendition, 7, `viewer ${index}`));
    const files = await Promise.all(requests);
    assert.deepEqual(await studio.begun(), [7]);
    assert.equal((await bytesOfSegment(files[0] ?? assert.fail())).byteLength, 1000);
    assert.equal(new Set(files.map((file) => file.etag)).size, 1);
    assert.equal((await studio.request(rendition, 7)).etag, files[0]?.etag);
    assert.deepEqual(await studio.begun(), [7]);
    const { hits, misses, joins, flights } = studio.scheduler.stats;
    assert.deepEqual({ hits, misses, joins, flights }, { hits: 1, misses: 100, joins: 99, flights: 0 });
  });

  it('are only seen when they are whole', async () => {
    await using studio = await SegmentStudio.open();
    const rendition = studio.rendition('copied', 'short', { segmentMs: 60, sizeBytes: 50_000 });
    const requests = Promise.all([1, 2, 3, 4].map((number) => studio.request(rendition, number)));
    let isOver = false;
    void requests.finally(() => (isOver = true));
    const sizes = new Set<number>();
    while (!isOver) {
      for (const size of await studio.segmentSizes()) sizes.add(size);
      await sleep(2);
    }
    assert.deepEqual(
      [...sizes].filter((size) => size !== 50_000),
      [],
    );
    assert.equal((await requests).length, 4);
    assert.deepEqual(await studio.drafts(), []);
  });

  it('are given up when the last who waits has left, not before', async () => {
    await using studio = await SegmentStudio.open();
    const rendition = studio.rendition('copied', 'short', { segmentMs: 600 });
    const controllers = Array.from({ length: 100 }, () => new AbortController());
    const requests = controllers.map(({ signal }, index) =>
      studio.scheduler.request({ rendition, number: 3, viewer: `viewer ${index}` }, signal),
    );
    const outcomes = Promise.allSettled(requests);
    await studio.until(async () => (await studio.begun()).length === 1, 'the job has begun');
    for (const controller of controllers.slice(1)) controller.abort();
    await sleep(50);
    assert.deepEqual(await studio.events('cancelled'), []);
    controllers[0]?.abort();
    for (const outcome of await outcomes) assert.ok(outcome.status === 'rejected' && isAbort(outcome.reason));
    await studio.until(async () => (await studio.events('cancelled')).length === 1, 'the worker has let go');
    await studio.until(async () => (await studio.drafts()).length === 0, 'no draft is left');
    assert.equal(studio.scheduler.stats.flights, 0);
    assert.equal(studio.pool.stats.running, 0);
    assert.deepEqual(await studio.segmentSizes(), []);
    assert.equal((await studio.request(rendition, 3)).sizeBytes, 1000);
  });

  it('that take long go on for a client that gives up and asks again at once', async () => {
    await using studio = await SegmentStudio.open({ scheduler: { longJobMs: 100, graceMs: 300 } });
    const rendition = studio.rendition('copied', 'short', { segmentMs: 2000 });
    const request = (limitMs: number) =>
      studio.scheduler.request({ rendition, number: 3, viewer: 'viewer' }, AbortSignal.timeout(limitMs));
    await assert.rejects(request(200));
    assert.equal((await request(10_000)).sizeBytes, 1000);
    assert.deepEqual(await studio.begun(), [3]);
    const other = studio.scheduler.request({ rendition, number: 4, viewer: 'viewer' }, AbortSignal.timeout(200));
    await assert.rejects(other);
    await studio.until(async () => (await studio.events('cancelled')).length === 1, 'the worker has let go');
    assert.equal(studio.scheduler.stats.flights, 0);
  });

  it('are made one ahead when there is nothing else to do', async () => {
    await using studio = await SegmentStudio.open({ scheduler: { prefetchCount: 1 } });
    const rendition = studio.rendition('copied', 'short');
    await studio.request(rendition, 5);
    await studio.until(() => studio.store.peek(rendition, 6), 'the next one is there');
    await studio.request(rendition, 6);
    await studio.until(() => studio.store.peek(rendition, 7), 'the next one is there');
    await sleep(100);
    assert.deepEqual(await studio.begun(), [5, 6, 7]);
  });

  it('are not made ahead any further when the viewer wants another one', async () => {
    await using studio = await SegmentStudio.open({ scheduler: { prefetchCount: 1 } });
    const first = studio.rendition('copied', 'short', { segmentMs: 400 });
    await studio.request(first, 5);
    await studio.until(async () => (await studio.begun()).includes(6), 'the next one has begun');
    await studio.request(first, 50);
    assert.deepEqual(
      (await studio.events('cancelled')).map(({ number }) => number),
      [6],
    );
  });

  it('that cannot be made say why, and are tried again at the next request', async () => {
    await using studio = await SegmentStudio.open();
    const rendition = studio.rendition('copied', 'short', { failingNumbers: [2] });
    await assert.rejects(studio.request(rendition, 2), { code: 'MEDIA_FAILED', message: 'Segment 2 cannot be made.' });
    await assert.rejects(studio.request(rendition, 2), { code: 'MEDIA_FAILED' });
    assert.equal((await studio.request(rendition, 3)).sizeBytes, 1000);
    assert.deepEqual(await studio.begun(), [2, 2, 3]);
    assert.deepEqual(await studio.drafts(), []);
  });
});

describe('a request', () => {
  it('for a segment the rendition has not is a RangeError', async () => {
    await using studio = await SegmentStudio.open();
    const rendition = studio.rendition('copied', 'short');
    for (const number of [-1, 500, 1.5, NaN]) await assert.rejects(studio.request(rendition, number), RangeError);
  });

  it('of a viewer that is gone ends, and others who wait for the same get it', async () => {
    await using studio = await SegmentStudio.open();
    const rendition = studio.rendition('copied', 'short', { segmentMs: 200 });
    const gone = assert.rejects(studio.request(rendition, 1, 'gone'), isAbort);
    const other = studio.request(rendition, 1, 'other');
    studio.scheduler.viewerGone('gone');
    await gone;
    assert.equal((await other).sizeBytes, 1000);
  });

  it('ends when the scheduler is closed', async () => {
    await using studio = await SegmentStudio.open();
    const copied = assert.rejects(
      studio.request(studio.rendition('copied', 'short', { segmentMs: 10_000 }), 1),
      isAbort,
    );
    const encoded = assert.rejects(
      studio.request(studio.rendition('encoded', 'run', { segmentMs: 10_000 }), 1),
      isAbort,
    );
    await studio.until(async () => (await studio.begun()).length === 2, 'both have begun');
    await studio.scheduler[Symbol.asyncDispose]();
    await Promise.all([copied, encoded]);
    assert.deepEqual(await studio.drafts(), []);
    await assert.rejects(studio.request(studio.rendition('copied', 'short'), 2), isAbort);
  });
});
