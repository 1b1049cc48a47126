// The scheduler on a store that answers late, cannot be peeked at, and fails now and then: what a shared store is like.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../../src/base/app-error.ts';
import { bytesOfSegment } from '../../support/stores/segment-bytes.ts';
import { MemorySegmentStore } from '../../support/stores/memory-segment-store.ts';
import { SegmentStudio } from '../../support/workers/segment-studio.ts';

suite('with a slow store', () => {
  for (const work of ['short', 'run'] as const) {
    suite(`segments of kind ${work}`, () => {
      test('are made once for many parallel requests', async () => {
        await using studio = await SegmentStudio.open({ otherStore: await MemorySegmentStore.open({ delayMs: 20 }) });
        const rendition = studio.rendition('film', work);
        const requests = Array.from({ length: 50 }, (_, index) => studio.request(rendition, 3, `viewer ${index}`));
        const segments = await Promise.all(requests);
        assert.deepEqual(
          (await studio.begun()).filter((number) => number === 3),
          [3],
        );
        for (const segment of segments) assert.equal((await bytesOfSegment(segment)).byteLength, 1000);
      });

      test('are not made again when another node has made them', async () => {
        const store = await MemorySegmentStore.open({ delayMs: 10 });
        await using other = await SegmentStudio.open({ otherStore: store, scheduler: { aheadSeconds: 0 } });
        await using studio = await SegmentStudio.open({ otherStore: store, scheduler: { aheadSeconds: 0 } });
        for (const number of [4, 5]) await other.request(other.rendition('film', work), number);
        for (const number of [4, 5, 6]) await studio.request(studio.rendition('film', work), number);
        assert.deepEqual(await studio.begun(), [6]);
      });

      test('are made once when two nodes are asked for them at the same time', async () => {
        const store = await MemorySegmentStore.open({ delayMs: 10 });
        await using one = await SegmentStudio.open({ otherStore: store, scheduler: { aheadSeconds: 0 } });
        await using two = await SegmentStudio.open({ otherStore: store, scheduler: { aheadSeconds: 0 } });
        const script = { segmentMs: 150 };
        const answers = await Promise.all(
          [one, two].map((studio) => studio.request(studio.rendition('film', work, script), 2)),
        );
        assert.equal(answers[0]?.etag, answers[1]?.etag);
        assert.deepEqual([...(await one.begun()), ...(await two.begun())], [2]);
      });
    });
  }

  for (const call of ['get', 'claim', 'publish'] as const) {
    test(`a failing ${call} fails the request, and the next one succeeds`, async () => {
      const store = await MemorySegmentStore.open({ delayMs: 5 });
      await using studio = await SegmentStudio.open({ otherStore: store, scheduler: { aheadSeconds: 0 } });
      for (const work of ['short', 'run'] as const) {
        const rendition = studio.rendition(work, work);
        store.failing[call] = 1;
        await assert.rejects(
          studio.request(rendition, 0),
          (error) => error instanceof AppError && error.code === 'SOURCE_FAILED',
        );
        assert.equal((await studio.request(rendition, 0)).sizeBytes, 1000);
      }
    });
  }

  test('a viewer that leaves while the store is asked starts no work', async () => {
    await using studio = await SegmentStudio.open({ otherStore: await MemorySegmentStore.open({ delayMs: 50 }) });
    const request = studio.request(studio.rendition('film', 'short'), 0, 'gone');
    await sleep(10);
    studio.scheduler.viewerGone('gone');
    await assert.rejects(request, { name: 'AbortError' });
    assert.deepEqual(await studio.begun(), []);
  });

  test('a request that is aborted while the store is asked starts no work and leaves nothing behind', async () => {
    await using studio = await SegmentStudio.open({ otherStore: await MemorySegmentStore.open({ delayMs: 50 }) });
    for (const work of ['short', 'run'] as const) {
      const controller = new AbortController();
      const request = { rendition: studio.rendition(work, work), number: 0, viewer: 'viewer' };
      const requested = studio.scheduler.request(request, controller.signal);
      await sleep(10);
      controller.abort();
      await assert.rejects(requested, { name: 'AbortError' });
    }
    await sleep(100);
    assert.deepEqual(await studio.begun(), []);
    assert.deepEqual([studio.scheduler.stats.flights, studio.scheduler.stats.encoderRuns], [0, 0]);
  });

  test('a segment that an encoder has made ahead is answered, not waited for', async () => {
    await using studio = await SegmentStudio.open({ otherStore: await MemorySegmentStore.open({ delayMs: 30 }) });
    const rendition = studio.rendition('film', 'run', { segmentMs: 5 });
    for (let number = 0; number < 8; number += 1) await studio.request(rendition, number);
    assert.equal((await studio.request(rendition, 2, 'another')).sizeBytes, 1000);
  });
});
