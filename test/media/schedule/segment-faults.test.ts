// Accidents: workers that die, hang, or do not listen. Whoever waits for a segment notices a delay at most.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAbort } from '../../../src/base/app-error.ts';
import { isAlive, SegmentStudio } from '../../support/workers/segment-studio.ts';
import { bytesOfSegment } from '../../support/stores/segment-bytes.ts';

for (const work of ['short', 'run'] as const) {
  describe(`a worker with a segment of kind ${work}`, () => {
    it('that dies in mid-segment is replaced, and the same request succeeds', async () => {
      await using studio = await SegmentStudio.open({ scheduler: { aheadSeconds: 0 } });
      const crashMarker = await studio.mark('crash');
      const rendition = studio.rendition('r', work, { crashMarker, sizeBytes: 5000 });
      const [file, same] = await Promise.all([
        studio.request(rendition, 4, 'one'),
        studio.request(rendition, 4, 'two'),
      ]);
      assert.equal((await bytesOfSegment(file)).byteLength, 5000);
      assert.equal(same.etag, file.etag);
      assert.deepEqual(await studio.begun(), [4, 4]);
      assert.equal((await studio.pids()).length, 2);
      assert.deepEqual(await studio.drafts(), []);
      assert.equal(studio.pool.stats.lost, 1);
    });

    it('that is killed from outside is replaced too', async () => {
      await using studio = await SegmentStudio.open({ scheduler: { aheadSeconds: 0 } });
      const rendition = studio.rendition('r', work, { segmentMs: 400 });
      const request = studio.request(rendition, 4);
      await studio.until(async () => (await studio.pids()).length === 1, 'the job has begun');
      const [pid] = await studio.pids();
      process.kill(pid ?? assert.fail(), 'SIGKILL');
      assert.equal((await request).sizeBytes, 1000);
      assert.deepEqual(await studio.begun(), [4, 4]);
      assert.deepEqual(await studio.drafts(), []);
    });

    it('that dies every time gives an error after three attempts, then none for a while, then works again', async () => {
      await using studio = await SegmentStudio.open({ scheduler: { aheadSeconds: 0, coolDownMs: 500 } });
      const crashMarker = await studio.mark('crash.always');
      const rendition = studio.rendition('r', work, { crashMarker });
      await assert.rejects(studio.request(rendition, 4), { code: 'WORKER_LOST' });
      assert.deepEqual(await studio.begun(), [4, 4, 4]);
      await assert.rejects(studio.request(rendition, 5), { code: 'WORKER_LOST' });
      assert.deepEqual(await studio.begun(), [4, 4, 4]);
      assert.deepEqual(await studio.drafts(), []);
      await rm(crashMarker);
      await sleep(600);
      assert.equal((await studio.request(rendition, 4)).sizeBytes, 1000);
    });

    it('that hangs is killed, and the same request succeeds', async () => {
      await using studio = await SegmentStudio.open({
        pool: { jobLimitMs: () => 600 },
        scheduler: { aheadSeconds: 0 },
      });
      const hangMarker = await studio.mark('hang');
      const rendition = studio.rendition('r', work, { hangMarker });
      assert.equal((await studio.request(rendition, 4)).sizeBytes, 1000);
      const [hung] = await studio.pids();
      assert.ok(!isAlive(hung ?? assert.fail()));
      assert.ok(studio.lines.some((line) => line.includes('did not finish a segment job within 600 ms')));
      assert.deepEqual(await studio.drafts(), []);
    });

    it('that does not listen when nobody waits any more is killed', async () => {
      await using studio = await SegmentStudio.open({ pool: { graceMs: 200 }, scheduler: { graceMs: 50 } });
      const hangMarker = await studio.mark('hang');
      const rendition = studio.rendition('r', work, { hangMarker });
      const controller = new AbortController();
      const request = assert.rejects(
        studio.scheduler.request({ rendition, number: 4, viewer: 'viewer' }, controller.signal),
        isAbort,
      );
      await studio.until(() => !existsSync(hangMarker), 'the job hangs');
      controller.abort();
      await request;
      await studio.until(async () => (await studio.alive()).length === 0, 'the worker is gone');
      await studio.until(async () => (await studio.drafts()).length === 0, 'no draft is left');
      assert.equal((await studio.request(rendition, 4)).sizeBytes, 1000);
    });
  });
}

describe('a job that kills its workers', () => {
  it('does not take down what others have asked for', async () => {
    await using studio = await SegmentStudio.open({ pool: { sharedWorkers: 1 } });
    const crashMarker = await studio.mark('crash.always');
    const bad = studio.request(studio.rendition('bad', 'short', { crashMarker, segmentMs: 50 }), 0);
    const good = [1, 2, 3].map((number) =>
      studio.request(studio.rendition('good', 'short', { segmentMs: 300 }), number),
    );
    await assert.rejects(bad, { code: 'WORKER_LOST' });
    for (const file of await Promise.all(good)) assert.equal(file.sizeBytes, 1000);
  });
});

describe('a rendition that fails again and again', () => {
  it('gives its error without another attempt until it has cooled down', async () => {
    await using studio = await SegmentStudio.open({ scheduler: { coolDownMs: 400 } });
    const rendition = studio.rendition('r', 'run', { failingNumbers: [0, 1, 2, 3] });
    for (const number of [0, 1, 2]) await assert.rejects(studio.request(rendition, number), { code: 'MEDIA_FAILED' });
    await assert.rejects(studio.request(rendition, 3), { code: 'MEDIA_FAILED' });
    assert.deepEqual(await studio.begun(), [0, 1, 2]);
    await sleep(450);
    assert.equal((await studio.request(rendition, 4)).sizeBytes, 1000);
  });
});
