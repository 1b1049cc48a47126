// The media side of the server: sources, workers, cache, scheduler, and the presentations over them.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SegmentCache } from './media/segment-cache.ts';
import { SegmentScheduler } from './media/segment-scheduler.ts';
import { WorkerPool } from './media/worker-pool.ts';
import type { ClosablePlayables, PlayablesContext } from './server.ts';
import { MediaPlayables } from './sessions/media-playables.ts';
import { relayPlaylist } from './sessions/relayed-playlist.ts';
import { SourceEndpoint } from './sources/source-endpoint.ts';

const WORKER_ENTRY = new URL('./media/worker/segment-worker.ts', import.meta.url);

/** Opens every part; the result closes them in reverse. */
export async function createPlayables({ config, cacheDirectory, knowledge, log }: PlayablesContext): Promise<ClosablePlayables> {
  await using stack = new AsyncDisposableStack();
  const spoolDirectory = join(cacheDirectory, 'spool');
  await mkdir(spoolDirectory, { recursive: true });
  const pool = stack.use(new WorkerPool({ entry: WORKER_ENTRY, log: (line) => log.info(line) }));
  const endpoint = stack.use(await SourceEndpoint.open());
  const cache = stack.use(
    await SegmentCache.open({
      root: join(cacheDirectory, 'segments'),
      capBytes: config.cacheBytes,
      memoryBytes: config.memoryCacheBytes,
    }),
  );
  const scheduler = stack.use(new SegmentScheduler({ cache, pool, endAfterMs: config.encoderIdleMs }));
  const playables = new MediaPlayables({
    engine: { scheduler, run: (job, signal) => pool.run(job, signal) },
    knowledge,
    sources: { spoolDirectory, endpoint },
    relay: relayPlaylist,
  });
  const owned = stack.move();
  return { open: (source, signal) => playables.open(source, signal), [Symbol.asyncDispose]: () => owned[Symbol.asyncDispose]() };
}
