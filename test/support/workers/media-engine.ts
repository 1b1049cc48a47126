// The media engine of a server, for tests: everything between a source and its segments, without HTTP and sessions.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { ClipMaker } from '../../../src/media/clip/clip-maker.ts';
import { LocalSegmentStore } from '../../../src/media/store/local/local-segment-store.ts';
import { SegmentScheduler } from '../../../src/media/schedule/segment-scheduler.ts';
import { SubtitleLibrary } from '../../../src/media/subtitles/subtitle-library.ts';
import { WorkerPool, type WorkerPoolOptions } from '../../../src/media/pool/worker-pool.ts';
import { MediaOpener } from '../../../src/presentation/media-opener.ts';
import type { OpenSourceOptions } from '../../../src/sources/open/open-source.ts';
import type { SourcePublisher } from '../../../src/sources/port/source-publisher.ts';
import { SourceEndpoint } from '../../../src/sources/endpoint/source-endpoint.ts';
import { policy } from '../../sources/opened.ts';

export interface EngineOptions {
  /** Called when a source begins to close. */
  onWithdraw?: () => void;
  pool?: Partial<WorkerPoolOptions>;
  sources?: Partial<OpenSourceOptions>;
}

export interface Engine {
  items: MediaOpener;
  pool: WorkerPool;
}

/** The stack closes all parts. */
export async function openEngine(stack: AsyncDisposableStack, options: EngineOptions = {}): Promise<Engine> {
  const directory = await mkdtemp(join(tmpdir(), 'raffi-items-'));
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const entry = new URL('../../../src/media/worker/segment-worker.ts', import.meta.url);
  const endpoint = stack.use(await SourceEndpoint.open());
  const bufferedUntil = (url: string, start: number) => endpoint.bufferedUntil(url, start);
  const pool = stack.use(new WorkerPool({ entry, log: () => undefined, bufferedUntil, ...options.pool }));
  const store = stack.use(await LocalSegmentStore.open({ root: join(directory, 'segments') }));
  const scheduler = stack.use(new SegmentScheduler({ store, pool, prefetchCount: 0 }));
  const publisher: SourcePublisher = {
    publish: (source) => endpoint.publish(source),
    withdraw: (source) => {
      endpoint.withdraw(source);
      options.onWithdraw?.();
    },
  };
  const items = new MediaOpener({
    engine: {
      scheduler,
      run: (job, signal) => pool.run(job, signal),
      clips: stack.use(new ClipMaker({ directory: join(directory, 'clips'), lease: () => pool.lease() })),
      subtitles: stack.use(new SubtitleLibrary({ get: () => undefined, put: () => undefined })),
      invalidate: () => undefined,
      sourceError: (source) => endpoint.lastError(source),
      readOn: (source) => endpoint.readOn(source),
    },
    knowledge: { get: async () => undefined, put: async () => undefined },
    sources: { spoolDirectory: directory, endpoint: publisher, addresses: policy('auto'), ...options.sources },
    relay: () => Promise.reject(new Error('not HLS')),
    seedsOn: false,
  });
  return { items, pool };
}
