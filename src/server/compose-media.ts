// The media side of the server: sources, workers, cache, scheduler, and the presentations over them.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { entryModule } from '../base/entry-modules.ts';
import { createTorrents } from './compose-torrents.ts';
import { WORKER_FLAGS, workerEnvironment } from '../config/worker-environment.ts';
import type { Metrics } from '../http/reply/metrics.ts';
import { ClipMaker } from '../media/clip/clip-maker.ts';
import { ProbeQueue } from '../media/probe/probe-queue.ts';
import { LocalSegmentStore } from '../media/store/local/local-segment-store.ts';
import { SegmentScheduler } from '../media/schedule/segment-scheduler.ts';
import { SubtitleLibrary } from '../media/subtitles/subtitle-library.ts';
import { WorkerPool } from '../media/pool/worker-pool.ts';
import { recordedChild } from './recorded-child.ts';
import type { ClosableOpener, MediaContext } from './server.ts';
import { MediaOpener } from '../presentation/media-opener.ts';
import { relayItem } from '../presentation/relay/relayed-item.ts';
import { BlockMemory } from '../sources/http/ranged/block-memory.ts';
import { KnownServers } from '../sources/http/client/known-servers.ts';
import { SourceEndpoint } from '../sources/endpoint/source-endpoint.ts';

const WORKER_ENTRY = entryModule('media/worker/segment-worker.ts');

/** The longest delay of a timer. */
const NEVER_MS = 2 ** 31 - 1;

/** A worker at a breakpoint does not answer: without time limits it does not count as hanging. */
const INSPECTED = {
  execArgv: [...WORKER_FLAGS, '--inspect=0'],
  startLimitMs: NEVER_MS,
  jobLimitMs: () => NEVER_MS,
  pingMs: NEVER_MS,
  graceMs: NEVER_MS,
};

/** Share of probing in the eight slots for short jobs; the others are for segments. */
const PROBE_LIMITS = { reads: { file: 2, endpoint: 4 }, scans: 2 };

/** Opens all parts; the result closes them in reverse order, running work first. */
export async function composeMedia(context: MediaContext): Promise<ClosableOpener> {
  const { config, cacheDirectory, knowledge, texts, metrics } = context;
  await using stack = new AsyncDisposableStack();
  const spoolDirectory = join(cacheDirectory, 'spool');
  await mkdir(spoolDirectory, { recursive: true });
  const endpoint = stack.use(await SourceEndpoint.open());
  context.ownPorts.add(endpoint.port);
  const pool = stack.use(createPool(context, endpoint));
  const torrents = stack.use(createTorrents(context, endpoint));
  const store = stack.use(
    await LocalSegmentStore.open({
      root: join(cacheDirectory, 'segments'),
      capBytes: config.cacheBytes,
      memoryBytes: config.memoryCacheBytes,
    }),
  );
  const scheduler = new SegmentScheduler({ store, pool, endAfterMs: config.encoderIdleMs, log: context.log });
  const clips = new ClipMaker({ directory: config.clipsDirectory, lease: () => pool.lease() });
  // Scheduler and clips wait until workers end their jobs. Killed workers end them at once, workers that read a stalled source do not.
  stack.defer(async () => {
    await Promise.all([scheduler, clips, pool].map((part) => part[Symbol.asyncDispose]()));
  });
  addGauges(metrics, scheduler);
  const probes = new ProbeQueue({ ...PROBE_LIMITS, run: (job, signal) => pool.run(job, signal) });
  metrics.gauge('raffi_learning_waiting', 'Sources that wait to be probed', () => probes.waiting);
  const items = new MediaOpener({
    engine: {
      scheduler,
      run: probes.run,
      clips,
      subtitles: stack.use(new SubtitleLibrary(texts)),
      invalidate: (sourceId) => store.invalidate(sourceId),
      sourceError: (source) => endpoint.lastError(source),
      readOn: (source) => endpoint.readOn(source),
    },
    knowledge,
    sources: {
      spoolDirectory,
      endpoint,
      memory: new BlockMemory(),
      servers: new KnownServers(),
      torrents,
      addresses: context.addresses,
      mediaRoots: config.mediaRoots,
      privateHints: config.torrents.privatePeers,
    },
    relay: relayItem,
    seedsOn: config.seedsOn,
  });
  const owned = stack.move();
  return {
    open: (source, signal) => items.open(source, signal),
    transfer: (source) => items.transfer(source),
    discard: (source, others) => items.discard(source, others),
    torrents,
    [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose](),
  };
}

function createPool(context: MediaContext, endpoint: SourceEndpoint): WorkerPool {
  return new WorkerPool({
    entry: WORKER_ENTRY,
    execArgv: WORKER_FLAGS,
    env: workerEnvironment(),
    memoryLimitBytes: context.config.workerMemoryBytes,
    recordChild: (pid) => recordedChild(pid, context),
    bufferedUntil: (url, start) => endpoint.bufferedUntil(url, start),
    log: (line) => context.log.info({ line }, 'media workers'),
    ...(context.config.inspect.includes('workers') && INSPECTED),
  });
}

function addGauges(metrics: Metrics, scheduler: SegmentScheduler): void {
  metrics.gauge('raffi_media_workers', 'Media worker processes', () => scheduler.stats.workers.workers);
  metrics.gauge(
    'raffi_media_workers_lost',
    'Media workers that failed since the start',
    () => scheduler.stats.workers.lost,
  );
  metrics.gauge('raffi_encoders', 'Running encoders', () => scheduler.stats.encoderRuns);
  metrics.gauge('raffi_encoders_wanted', 'Requests that wait for a free encoder', () => scheduler.stats.inLine);
  metrics.gauge('raffi_segments_pending', 'Segments being made or waited for', () => scheduler.stats.flights);
  metrics.gauge('raffi_cache_bytes', 'Finished segments on the disk', () => scheduler.stats.store.sizeBytes);
}
