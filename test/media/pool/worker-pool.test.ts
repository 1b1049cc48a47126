// The pool's processes: how many there are, who gets which, and that none outlives its use.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { getPriority } from 'node:os';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAbort } from '../../../src/base/app-error.ts';
import { WorkerPool } from '../../../src/media/pool/worker-pool.ts';
import type { SegmentJob } from '../../../src/media/worker/protocol/protocol.ts';
import { isAlive, SegmentStudio } from '../../support/workers/segment-studio.ts';
import type { WorkerScript } from '../../support/workers/worker-script.ts';

const never = new AbortController().signal;

function jobOf(studio: SegmentStudio, number: number, script: Partial<WorkerScript> = {}): SegmentJob {
  return { ...studio.rendition('r', 'short', script).jobFor(number), outputPath: studio.path(`out-${number}`) };
}

/** Pids of this process's children. */
async function children(): Promise<number[]> {
  const tasks = await readdir('/proc/self/task');
  const lists = await Promise.all(
    tasks.map((task) => readFile(`/proc/self/task/${task}/children`, 'utf8').catch(() => '')),
  );
  return lists.flatMap((list) =>
    list
      .split(' ')
      .filter((pid) => pid !== '')
      .map(Number),
  );
}

describe('the worker pool', { skip: process.platform === 'linux' ? false : 'counts processes in /proc' }, () => {
  it('has one worker from the start, a spare from the first job, and more for short jobs only when they are needed', async () => {
    await using studio = await SegmentStudio.open({ pool: { sharedWorkers: 2 } });
    assert.equal((await children()).length, 1);
    await studio.pool.run(jobOf(studio, 1), never);
    assert.equal((await children()).length, 2);
    await Promise.all(
      [1, 2, 3, 4, 5, 6].map((number) => studio.pool.run(jobOf(studio, number, { segmentMs: 100 }), never)),
    );
    assert.equal((await children()).length, 3);
    assert.equal(studio.pool.stats.workers, 3);
  });

  it('gives the spare away as an exclusive worker of lower priority, and forks another', async () => {
    await using studio = await SegmentStudio.open();
    await studio.pool.run(jobOf(studio, 0), never);
    {
      await using lease = studio.pool.lease();
      assert.equal((await children()).length, 3);
      await lease.run(jobOf(studio, 1), never);
      assert.equal(getPriority(lease.pid), 5);
      assert.equal(studio.pool.stats.leased, 1);
    }
    assert.equal((await children()).length, 2);
    assert.equal(studio.pool.stats.leased, 0);
    assert.equal(studio.pool.stats.lost, 0);
  });

  it('has one fresh worker again some time after the last job', async () => {
    await using studio = await SegmentStudio.open({ pool: { sharedWorkers: 2, idleMs: 100 } });
    const numbers = [1, 2, 3, 4, 5, 6];
    await Promise.all(numbers.map((number) => studio.pool.run(jobOf(studio, number, { segmentMs: 300 }), never)));
    {
      await using lease = studio.pool.lease();
      await lease.run(jobOf(studio, 7, { segmentMs: 300 }), never);
    }
    await studio.until(() => studio.pool.stats.workers === 1, 'the others have ended');
    const used = await studio.pids();
    assert.equal(
      used.some((pid) => isAlive(pid)),
      false,
    );
    await studio.pool.run(jobOf(studio, 8), never);
    assert.equal(studio.pool.stats.lost, 0);
  });

  it('ends an exclusive worker at once when it is in the middle of something', async () => {
    await using studio = await SegmentStudio.open();
    const lease = studio.pool.lease();
    const job = assert.rejects(lease.run(jobOf(studio, 1, { segmentMs: 60_000 }), never), { code: 'WORKER_LOST' });
    await studio.until(async () => (await studio.begun()).length === 1, 'the job has begun');
    await lease[Symbol.asyncDispose]();
    await job;
    assert.ok(!isAlive(lease.pid ?? assert.fail()));
  });

  it('keeps jobs in line when every worker has its hands full, and forgets those that are not wanted any more', async () => {
    await using studio = await SegmentStudio.open({ pool: { sharedWorkers: 1, jobsPerWorker: 1 } });
    const first = studio.pool.run(jobOf(studio, 1, { segmentMs: 200 }), never);
    const controller = new AbortController();
    const second = assert.rejects(studio.pool.run(jobOf(studio, 2), controller.signal), isAbort);
    const third = studio.pool.run(jobOf(studio, 3), never);
    assert.equal(studio.pool.stats.queued, 2);
    controller.abort();
    await Promise.all([first, second, third]);
    assert.deepEqual(await studio.begun(), [1, 3]);
  });

  it('tells a worker to let go of a job that is not wanted any more, and keeps the worker', async () => {
    await using studio = await SegmentStudio.open({ pool: { sharedWorkers: 1 } });
    const controller = new AbortController();
    const job = assert.rejects(studio.pool.run(jobOf(studio, 1, { segmentMs: 60_000 }), controller.signal), isAbort);
    await studio.until(async () => (await studio.begun()).length === 1, 'the job has begun');
    controller.abort();
    await job;
    assert.equal((await studio.events('cancelled')).length, 1);
    await studio.pool.run(jobOf(studio, 2), never);
    assert.equal((await studio.pids()).length, 1);
  });

  it('replaces a worker after so many jobs', async () => {
    await using studio = await SegmentStudio.open({ pool: { sharedWorkers: 1, recycleAfterJobs: 3 } });
    for (let number = 0; number < 7; number += 1) await studio.pool.run(jobOf(studio, number), never);
    const pids = await studio.pids();
    assert.equal(pids.length, 3);
    await studio.until(() => !isAlive(pids[0] ?? 0) && !isAlive(pids[1] ?? 0), 'the old ones are gone');
    assert.equal(studio.pool.stats.lost, 0);
  });

  it('hands on what the worker says went wrong', async () => {
    await using studio = await SegmentStudio.open();
    await assert.rejects(studio.pool.run(jobOf(studio, 6, { failingNumbers: [6] }), never), (error) => {
      assert.ok(error instanceof Error && error.cause instanceof Error);
      assert.equal(error.message, 'Segment 6 cannot be made.');
      assert.equal(error.cause.message, 'scripted failure');
      return true;
    });
  });

  it('does not try for ever to start a worker that cannot start, and says what it said', async () => {
    const lines: string[] = [];
    const entry = new URL('./no-such-worker.ts', import.meta.url);
    await using pool = new WorkerPool({ entry, log: (line) => lines.push(line) });
    const header = {
      kind: 'describe',
      input: { kind: 'file', path: '/', sizeBytes: 0, mtimeNs: '0', inode: '' },
    } as const;
    await assert.rejects(pool.run(header, never), { code: 'WORKER_LOST' });
    await sleep(300);
    assert.ok(pool.stats.lost <= 8, `${pool.stats.lost} processes`);
    const { lost } = pool.stats;
    await sleep(500);
    assert.ok(pool.stats.lost - lost <= 1);
    assert.ok(lines.some((line) => line.includes('no-such-worker')));
  });

  it('ends a worker that takes too much memory: the job that does so fails in words, those beside it are done', async () => {
    const limits = { sharedWorkers: 1, memoryLimitBytes: 250 * 2 ** 20 };
    await using studio = await SegmentStudio.open({ pool: limits });
    const [beside, greedy] = [{ segmentMs: 700 }, { segmentMs: 5000, hogBytes: 400 * 2 ** 20 }];
    const others = [1, 2].map((number) => studio.pool.run(jobOf(studio, number, beside), never));
    await assert.rejects(studio.pool.run(jobOf(studio, 3, greedy), never), {
      code: 'UNSUPPORTED_MEDIA',
      message: 'This film takes more memory than a film may have, which is 250 MiB',
    });
    await Promise.all(others);
    // Once among others, once alone: not tried for ever.
    assert.deepEqual(
      (await studio.begun()).filter((number) => number === 3),
      [3, 3],
    );
    assert.equal(studio.pool.stats.lost, 2);
    assert.ok(studio.lines.some((line) => /took more than 250 MiB of memory/u.test(line)));
  });

  it('is what the kernel ends when memory runs out, rather than the server', async (context) => {
    await using _studio = await SegmentStudio.open();
    const [adjustment = ''] = await Promise.all(
      (await children()).map((pid) => readFile(`/proc/${pid}/oom_score_adj`, 'utf8')),
    );
    const own = Number(await readFile('/proc/self/oom_score_adj', 'utf8'));
    if (own >= 500) return context.skip('this process is offered to the kernel itself');
    assert.equal(Number(adjustment), 500);
  });

  it('kills them all when it is closed', async () => {
    const studio = await SegmentStudio.open();
    const job = assert.rejects(studio.pool.run(jobOf(studio, 1, { segmentMs: 60_000 }), never), {
      code: 'WORKER_LOST',
    });
    const lease = studio.pool.lease();
    await studio.pool[Symbol.asyncDispose]();
    await job;
    assert.deepEqual(await children(), []);
    await assert.rejects(studio.pool.run(jobOf(studio, 2), never), { code: 'WORKER_LOST' });
    await assert.rejects(lease.run(jobOf(studio, 2), never), { code: 'WORKER_LOST' });
    await studio[Symbol.asyncDispose]();
  });
});
