// The same with the real media worker and a real film: a killed worker, parallel requests and seeks change nothing in the bytes.
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { MULTIVARIANT, MUXED } from '../../../src/media/plan/capabilities.ts';
import { planDelivery } from '../../../src/media/plan/delivery-plan.ts';
import { probe } from '../../../src/media/probe/probe.ts';
import { planRendition } from '../../../src/media/plan/rendition-plan.ts';
import type { ScheduledRendition } from '../../../src/media/plan/scheduled-rendition.ts';
import { LocalSegmentStore } from '../../../src/media/store/local/local-segment-store.ts';
import { SegmentScheduler } from '../../../src/media/schedule/segment-scheduler.ts';
import { WorkerPool } from '../../../src/media/pool/worker-pool.ts';
import { FileSource } from '../../../src/sources/file/file-source.ts';
import { clip } from '../../support/clips/clips.ts';
import { oddCutClip } from '../../support/clips/odd-cut-clips.ts';
import { bytesOfSegment } from '../../support/stores/segment-bytes.ts';

const never = new AbortController().signal;
const WORKER = new URL('../../../src/media/worker/segment-worker.ts', import.meta.url);
/** It begins with a picture that no player can begin with. */
const MENDED_SEGMENT = 7;

/** The engine on one clip, in a directory of its own. */
class Engine implements AsyncDisposable {
  readonly pool: WorkerPool;
  readonly scheduler: SegmentScheduler;
  readonly directory: string;
  readonly #parts = new AsyncDisposableStack();

  static async open(): Promise<Engine> {
    const directory = await mkdtemp(join(tmpdir(), 'raffi-fire-'));
    return new Engine(directory, await LocalSegmentStore.open({ root: directory }));
  }

  private constructor(directory: string, store: LocalSegmentStore) {
    this.directory = directory;
    this.#parts.defer(() => rm(directory, { recursive: true, force: true }));
    this.pool = this.#parts.use(new WorkerPool({ entry: WORKER, log: () => {} }));
    this.#parts.use(store);
    this.scheduler = this.#parts.use(
      new SegmentScheduler({ store, pool: this.pool, prefetchCount: 0, aheadSeconds: 0 }),
    );
  }

  async rendition(work: 'short' | 'run'): Promise<ScheduledRendition> {
    await using source = await FileSource.open(await clip('mp4-faststart'), never);
    const facts = await probe(source, (job, signal) => this.pool.run(job, signal), never);
    const { original, ladder } = planDelivery(facts, MULTIVARIANT);
    const video = work === 'short' ? original : ladder[0];
    const parts = { name: work, format: 'cmaf', video, audio: undefined } as const;
    return planRendition({ id: source.id, input: source.input, origin: facts.origin }, parts).scheduled;
  }

  async bytes(rendition: ScheduledRendition, number: number, viewer = 'viewer'): Promise<Buffer> {
    return await bytesOfSegment(await this.scheduler.request({ rendition, number, viewer }, never));
  }

  /** Kills every worker, with the segment in the middle of its making. */
  async killAll(): Promise<void> {
    const { pool } = this;
    while (pool.stats.running + pool.stats.leased === 0) await sleep(1);
    for (const pid of await childPids()) process.kill(pid, 'SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts[Symbol.asyncDispose]();
  }
}

async function childPids(): Promise<number[]> {
  const tasks = await readdir('/proc/self/task');
  const lists = await Promise.all(tasks.map((task) => readFile(`/proc/self/task/${task}/children`, 'utf8')));
  return lists.flatMap((list) =>
    list
      .split(' ')
      .filter((pid) => pid !== '')
      .map(Number),
  );
}

describe('real segments', { skip: process.platform === 'linux' ? false : 'finds processes in /proc' }, () => {
  for (const work of ['short', 'run'] as const) {
    it(`made as ${work === 'short' ? 'short jobs' : 'a run'} survive the death of all workers in the middle of them, byte for byte`, async () => {
      await using calm = await Engine.open();
      const expected = await calm.bytes(await calm.rendition(work), 2);
      await using engine = await Engine.open();
      const rendition = await engine.rendition(work);
      const requests = Promise.all(
        Array.from({ length: 20 }, (_, index) => engine.bytes(rendition, 2, `viewer ${index}`)),
      );
      await engine.killAll();
      for (const bytes of await requests) assert.ok(bytes.equals(expected));
      assert.ok(engine.pool.stats.lost >= 2);
      assert.deepEqual(await readdir(join(engine.directory, 'drafts')), []);
    });
  }

  it('that are mended can be asked for again right after they were given up', async () => {
    await using source = await FileSource.open(await oddCutClip('odd-cuts-mkv'), never);
    await using pool = new WorkerPool({ entry: WORKER, sharedWorkers: 1, log: () => {} });
    const facts = await probe(source, (job, signal) => pool.run(job, signal), never);
    const { video } = planDelivery(facts, MUXED);
    const parts = { name: 'muxed', format: 'mpegts', video, audio: undefined } as const;
    const { scheduled } = planRendition({ id: source.id, input: source.input, origin: facts.origin }, parts);
    const directory = await mkdtemp(join(tmpdir(), 'raffi-fire-'));
    await using _directory = { [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }) };
    const made = (name: string, signal: AbortSignal) =>
      pool.run({ ...scheduled.jobFor(MENDED_SEGMENT), outputPath: join(directory, name) }, signal);
    await made('first', never);
    for (let round = 0; round < 8; round += 1) {
      const givenUp = new AbortController();
      const first = made(`given-up-${round}`, givenUp.signal).catch(() => {});
      await sleep(10 * round);
      givenUp.abort();
      const [, { sizeBytes }] = await Promise.all([first, made(`again-${round}`, never)]);
      assert.ok(sizeBytes > 1000);
    }
  });

  it('to copy are the same in any order, in parallel, and after a restart of everything', async () => {
    await using engine = await Engine.open();
    const rendition = await engine.rendition('short');
    const numbers = Array.from({ length: rendition.count }, (_, number) => number);
    const ordered = new Map<number, Buffer>();
    for (const number of numbers) ordered.set(number, await engine.bytes(rendition, number));
    await using other = await Engine.open();
    const same = await other.rendition('short');
    assert.equal(same.key, rendition.key);
    await Promise.all(
      numbers
        .toReversed()
        .map(async (number) =>
          assert.ok((await other.bytes(same, number)).equals(ordered.get(number) ?? assert.fail())),
        ),
    );
  });

  it('to encode follow a viewer that jumps about, with one encoder', async () => {
    await using engine = await Engine.open();
    const rendition = await engine.rendition('run');
    const last = rendition.count - 1;
    for (const number of [0, last, 1, last - 1, 2])
      assert.ok((await engine.bytes(rendition, number)).byteLength > 1000);
    assert.equal(engine.scheduler.stats.encoderRuns, 1);
    engine.scheduler.viewerGone('viewer');
    assert.equal(engine.scheduler.stats.encoderRuns, 0);
  });
});
