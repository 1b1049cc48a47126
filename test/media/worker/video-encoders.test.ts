// The contract of video encoders, and what faulty ones cost: the segment that they were given, and nothing else.
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { AppError } from '../../../src/base/app-error.ts';
import { MULTIVARIANT } from '../../../src/media/plan/capabilities.ts';
import { planDelivery } from '../../../src/media/plan/delivery-plan.ts';
import { planRendition } from '../../../src/media/plan/rendition-plan.ts';
import type { ScheduledRendition } from '../../../src/media/plan/scheduled-rendition.ts';
import { WorkerPool, type WorkerPoolOptions } from '../../../src/media/pool/worker-pool.ts';
import { probe } from '../../../src/media/probe/probe.ts';
import { x264Encoder } from '../../../src/media/worker/libav/video/x264-encoder.ts';
import { FileSource } from '../../../src/sources/file/file-source.ts';
import { videoEncoderContract } from '../../contract/video-encoder-contract.ts';
import { clip } from '../../support/clips/clips.ts';
import { faultyEncoder, type EncoderFault } from '../../support/workers/faulty-encoder.ts';

videoEncoderContract('x264', x264Encoder);
videoEncoderContract('that is slow', faultyEncoder('is slow'));

const WORKER = new URL('../../support/workers/faulty-worker.ts', import.meta.url);
const never = new AbortController().signal;

/** One rung of a clip, encoded by workers that know the faulty encoders. */
class FaultyStage implements AsyncDisposable {
  readonly pool: WorkerPool;
  readonly directory: string;
  readonly #source: FileSource;

  static async open(options: Partial<WorkerPoolOptions> = {}): Promise<FaultyStage> {
    const source = await FileSource.open(await clip('mp4-faststart'), never);
    return new FaultyStage(await mkdtemp(join(tmpdir(), 'raffi-faulty-')), source, options);
  }

  private constructor(directory: string, source: FileSource, options: Partial<WorkerPoolOptions>) {
    this.directory = directory;
    this.#source = source;
    this.pool = new WorkerPool({ entry: WORKER, sharedWorkers: 1, retries: 0, log: () => undefined, ...options });
  }

  async rendition(encoder: string): Promise<ScheduledRendition> {
    const facts = await probe(this.#source, (job, signal) => this.pool.run(job, signal), never);
    const video = planDelivery(facts, MULTIVARIANT).ladder.at(-1) ?? assert.fail();
    const faulty = { ...video, track: { ...video.track, encoder } };
    const { id, input } = this.#source;
    const parts = { name: 'rung', format: 'cmaf', video: faulty, audio: undefined } as const;
    return planRendition({ id, input, origin: facts.origin }, parts).scheduled;
  }

  async segment(rendition: ScheduledRendition, number: number): Promise<Buffer> {
    const outputPath = join(this.directory, `${rendition.key}-${number}`);
    await this.pool.run({ ...rendition.jobFor(number), outputPath }, never);
    return readFile(outputPath);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pool[Symbol.asyncDispose]();
    await this.#source[Symbol.asyncDispose]();
    await rm(this.directory, { recursive: true, force: true });
  }
}

suite('an encoder', () => {
  const cases: [fault: EncoderFault, code: string, sentence: RegExp][] = [
    ['fails', 'MEDIA_FAILED', /device is lost/u],
    ['hangs', 'WORKER_LOST', /./u],
    ['crashes', 'WORKER_LOST', /./u],
    ['gives other parameter sets', 'MEDIA_FAILED', /parameter sets/u],
  ];
  for (const [fault, code, sentence] of cases) {
    test(`that ${fault} costs its segment, and the next rendition is encoded`, async () => {
      await using stage = await FaultyStage.open({ jobLimitMs: ({ kind }) => (kind === 'segment' ? 3000 : 30_000) });
      const faulty = await stage.rendition(`faulty: ${fault}`);
      await assert.rejects(
        stage.segment(faulty, 1),
        (error) => error instanceof AppError && error.code === code && sentence.test(error.message),
      );
      assert.deepEqual(await readdir(stage.directory), []);
      assert.ok((await stage.segment(await stage.rendition('x264'), 1)).length > 1000);
    });
  }

  test('that is slow gives the same bytes under another key', async () => {
    await using stage = await FaultyStage.open();
    const [slow, usual] = [await stage.rendition('faulty: is slow'), await stage.rendition('x264')];
    assert.notEqual(slow.key, usual.key);
    assert.ok((await stage.segment(slow, 1)).equals(await stage.segment(usual, 1)));
  });

  test('that the worker does not know is named', async () => {
    await using stage = await FaultyStage.open();
    await assert.rejects(stage.segment(await stage.rendition('nvenc'), 0), /no video encoder nvenc/u);
  });
});
