// Sessions of one source share its presentation, whatever they do at the same time.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { ClipMaker } from '../../src/media/clip/clip-maker.ts';
import { SegmentCache } from '../../src/media/segment-cache.ts';
import { SegmentScheduler } from '../../src/media/segment-scheduler.ts';
import { SubtitleLibrary } from '../../src/media/subtitles/subtitle-library.ts';
import { WorkerPool } from '../../src/media/worker-pool.ts';
import { MediaPlayables } from '../../src/sessions/media-playables.ts';
import { isRelayed } from '../../src/sessions/playable.ts';
import type { SourcePublisher } from '../../src/sources/source-publisher.ts';
import { SourceEndpoint } from '../../src/sources/source-endpoint.ts';
import { clip } from '../media/clips.ts';
import { FaultServer } from '../servers/fault-server.ts';
import { policy } from '../sources/opened.ts';

const never = new AbortController().signal;

/** `onWithdraw` is called whenever a source begins to close. */
async function engine(stack: AsyncDisposableStack, onWithdraw: () => void): Promise<MediaPlayables> {
  const directory = await mkdtemp(join(tmpdir(), 'raffi-playables-'));
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const entry = new URL('../../src/media/worker/segment-worker.ts', import.meta.url);
  const pool = stack.use(new WorkerPool({ entry, log: () => undefined }));
  const endpoint = stack.use(await SourceEndpoint.open());
  const cache = stack.use(await SegmentCache.open({ root: join(directory, 'segments') }));
  const scheduler = stack.use(new SegmentScheduler({ cache, pool, copyAhead: 0 }));
  const publisher: SourcePublisher = {
    publish: (source) => endpoint.publish(source),
    withdraw: (source) => {
      endpoint.withdraw(source);
      onWithdraw();
    },
  };
  return new MediaPlayables({
    engine: {
      scheduler,
      run: (job, signal) => pool.run(job, signal),
      clips: stack.use(new ClipMaker({ directory: join(directory, 'clips'), lease: () => pool.lease() })),
      subtitles: stack.use(new SubtitleLibrary({ get: () => undefined, put: () => undefined })),
      spoil: () => undefined,
      sourceError: (source) => endpoint.lastError(source),
      readOn: (source) => endpoint.readOn(source),
    },
    knowledge: { get: () => undefined, put: () => undefined },
    sources: { spoolDirectory: directory, endpoint: publisher, addresses: policy('auto') },
    relay: () => Promise.reject(new Error('not HLS')),
  });
}

test('a session that opens what the last other session lets go of at that moment can play it', async () => {
  await using stack = new AsyncDisposableStack();
  let onWithdraw = (): void => undefined;
  const playables = await engine(stack, () => onWithdraw());
  const server = stack.use(await FaultServer.start(await readFile(await clip('mp4-faststart'))));
  const wanted = { uri: server.url(), kind: 'http', headers: {}, fileIndex: undefined } as const;
  const first = await playables.open(wanted, never);
  const letGo: PromiseLike<void>[] = [];
  // The second session has found the presentation and closes its own source, which it does not need.
  onWithdraw = () => {
    onWithdraw = () => undefined;
    letGo.push(first[Symbol.asyncDispose]());
  };
  await using second = await playables.open(wanted, never);
  assert.equal(letGo.length, 1);
  await Promise.all(letGo);
  assert.ok(!isRelayed(second));
  const rendition = second.rendition('original') ?? assert.fail();
  assert.ok((await rendition.segment(1, 'viewer', never)).sizeBytes > 1000);
});
