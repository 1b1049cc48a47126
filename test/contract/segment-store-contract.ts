// The contract of segment stores: the test suite of the port in src/media/store/segment-store.ts.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../src/base/app-error.ts';
import type { StoredRendition } from '../../src/media/model/rendition-track.ts';
import type { Segment, SegmentClaim, SegmentStore } from '../../src/media/store/segment-store.ts';
import { bytesOfSegment } from '../support/stores/segment-bytes.ts';

const FILM: StoredRendition = { sourceId: 'a'.repeat(32), key: '1080p', format: 'cmaf' };
const OTHER_FILM: StoredRendition = { sourceId: 'b'.repeat(32), key: '1080p of b', format: 'cmaf' };
const SEGMENT_BYTES = 1000;

/** @param open opens an empty store for `capBytes`; the test closes it */
export function segmentStoreContract(
  name: string,
  open: (options: { capBytes: number }) => Promise<SegmentStore>,
): void {
  const opened = (capBytes = 1_000_000) => open({ capBytes });
  const never = () => new AbortController().signal;

  async function claimed(store: SegmentStore, rendition: StoredRendition, number: number): Promise<SegmentClaim> {
    const { claim } = await store.claim(rendition, number, AbortSignal.timeout(10_000));
    return claim ?? assert.fail(`segment ${number} exists`);
  }

  async function fill(store: SegmentStore, rendition: StoredRendition, number: number): Promise<Segment> {
    await using claim = await claimed(store, rendition, number);
    await writeFile(claim.outputPath, Buffer.alloc(SEGMENT_BYTES, number));
    return await claim.publish();
  }

  async function numbersIn(store: SegmentStore, count: number): Promise<number[]> {
    const numbers = Array.from({ length: count }, (_, number) => number);
    const held = await Promise.all(numbers.map((number) => store.get(FILM, number)));
    return numbers.filter((number) => held[number] !== undefined);
  }

  suite(`the segment store ${name}`, () => {
    test('returns the published bytes, whole and in ranges, with a validator of rendition and number', async () => {
      await using store = await opened();
      assert.equal(await store.get(FILM, 1), undefined);
      const published = await fill(store, FILM, 1);
      const segment = (await store.get(FILM, 1)) ?? assert.fail();
      assert.deepEqual([segment.sizeBytes, segment.etag], [SEGMENT_BYTES, published.etag]);
      assert.match(segment.etag, /^"[0-9a-f]{32}-1"$/u);
      assert.notEqual((await fill(store, FILM, 2)).etag, segment.etag);
      assert.notEqual((await fill(store, OTHER_FILM, 1)).etag, segment.etag);
      for (const each of [published, segment])
        assert.deepEqual(await bytesOfSegment(each), Buffer.alloc(SEGMENT_BYTES, 1));
      using part = await segment.open({ start: 10, end: 25 });
      const buffer = Buffer.alloc(100);
      assert.deepEqual([await part.read(buffer), await part.read(buffer)], [15, 0]);
      assert.deepEqual(buffer.subarray(0, 15), Buffer.alloc(15, 1));
    });

    test('lets one caller at a time make a segment, and returns it to the callers that waited', async () => {
      await using store = await opened();
      let makers = 0;
      const results = await Promise.all(
        Array.from({ length: 20 }, async () => {
          const { segment, claim } = await store.claim(FILM, 7, never());
          if (segment) return segment;
          await using held = claim;
          makers += 1;
          await sleep(20);
          await writeFile(held.outputPath, Buffer.alloc(SEGMENT_BYTES, 7));
          return await held.publish();
        }),
      );
      assert.equal(makers, 1);
      for (const segment of results) assert.deepEqual(await bytesOfSegment(segment), Buffer.alloc(SEGMENT_BYTES, 7));
    });

    test('passes the claim on when its holder fails, and when the signal of its holder aborts', async () => {
      await using store = await opened();
      const failed = await claimed(store, FILM, 1);
      await writeFile(failed.outputPath, 'half');
      await failed[Symbol.asyncDispose]();
      assert.equal(existsSync(failed.outputPath), false);
      assert.equal(await store.get(FILM, 1), undefined);

      const holder = new AbortController();
      const { claim: abandoned } = await store.claim(FILM, 1, holder.signal);
      const next = claimed(store, FILM, 1);
      holder.abort();
      await using claim = await next;
      await writeFile(claim.outputPath, Buffer.alloc(SEGMENT_BYTES, 1));
      await claim.publish();
      await abandoned?.[Symbol.asyncDispose]();
      assert.notEqual(await store.get(FILM, 1), undefined);
    });

    test('ends the wait for a claim with the signal', async () => {
      await using store = await opened();
      await using _held = await claimed(store, FILM, 1);
      const impatient = new AbortController();
      const waiting = store.claim(FILM, 1, impatient.signal);
      impatient.abort(new Error('enough'));
      await assert.rejects(waiting, /enough/u);
    });

    test('evicts the least recently used segments, and never pinned ones', async () => {
      await using store = await opened(3 * SEGMENT_BYTES);
      for (let number = 0; number < 3; number += 1) await fill(store, FILM, number);
      await store.get(FILM, 0);
      await fill(store, FILM, 3);
      assert.deepEqual(await numbersIn(store, 5), [0, 2, 3]);
      store.pin('viewer', FILM, { from: 0, to: 1 });
      for (const number of [4, 5, 6]) await fill(store, FILM, number);
      assert.ok((await numbersIn(store, 7)).includes(0));
      store.unpin('viewer');
      for (const number of [7, 8, 9]) await fill(store, FILM, number);
      assert.ok(!(await numbersIn(store, 10)).includes(0));
      assert.equal(store.stats.sizeBytes, 3 * SEGMENT_BYTES);
    });

    test('rejects a reader that opens a segment after its eviction', async () => {
      await using store = await opened();
      const segment = await fill(store, FILM, 1);
      assert.equal(await store.makeRoom(SEGMENT_BYTES), true);
      await assert.rejects(
        segment.open({ start: 0, end: 1 }),
        (error) => error instanceof AppError && error.code === 'SEGMENT_EVICTED',
      );
      assert.equal(await store.makeRoom(SEGMENT_BYTES), false);
    });

    test('removes the segments of an invalidated source, and publishes none that is in progress', async () => {
      await using store = await opened();
      await fill(store, FILM, 0);
      await fill(store, OTHER_FILM, 0);
      await using late = await claimed(store, FILM, 1);
      await writeFile(late.outputPath, Buffer.alloc(SEGMENT_BYTES));
      store.invalidate(FILM.sourceId);
      // Does not wait for the late segment, whose maker may take long.
      await fill(store, FILM, 1);
      await assert.rejects(late.publish(), (error) => error instanceof AppError && error.code === 'SOURCE_CHANGED');
      assert.deepEqual(await numbersIn(store, 2), [1]);
      assert.notEqual(await store.get(OTHER_FILM, 0), undefined);
    });

    test('publishes nothing of a source that is invalidated while the segment is put in place', async () => {
      await using store = await opened();
      await using claim = await claimed(store, FILM, 1);
      await writeFile(claim.outputPath, Buffer.alloc(SEGMENT_BYTES));
      const published = claim.publish();
      store.invalidate(FILM.sourceId);
      await assert.rejects(published, (error) => error instanceof AppError && error.code === 'SOURCE_CHANGED');
      assert.equal(await store.get(FILM, 1), undefined);
    });

    test('refuses invalid segment numbers', async () => {
      await using store = await opened();
      assert.throws(() => store.peek(FILM, -1), RangeError);
      await assert.rejects(store.get(FILM, 0.5), RangeError);
    });
  });
}
