// The media side as the server composes it: how it ends.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { createLogger } from '../../src/base/logger.ts';
import { createPlayables } from '../../src/server/compose-media.ts';
import { readConfig } from '../../src/config/config.ts';
import { Metrics } from '../../src/http/reply/metrics.ts';
import { isRelayed } from '../../src/presentation/playable.ts';
import { markedFilm } from '../support/judges/copied-bytes.ts';
import { until } from '../support/servers/server-children.ts';
import { FaultServer } from '../support/servers/fault-server.ts';
import { policy } from '../sources/opened.ts';

const never = new AbortController().signal;

test('it ends at once while copies wait for a source that stalls', async () => {
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'raffi-compose-'));
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const remote = stack.use(await FaultServer.start(await markedFilm('composed'), { bytesPerSecond: 4 * 2 ** 20 }));
  const children = new Set<number>();
  const playables = await createPlayables({
    config: readConfig({}),
    cacheDirectory: directory,
    knowledge: { get: () => undefined, put: () => undefined },
    metrics: new Metrics(),
    addresses: policy('auto'),
    ownPorts: new Set(),
    log: createLogger('silent', new PassThrough()),
    recordChild: (pid) => {
      children.add(pid);
      return { forget: () => children.delete(pid) };
    },
  });
  const playable = await playables.open({ uri: remote.url(), kind: 'http', headers: {}, fileIndex: undefined }, never);
  assert.ok(!isRelayed(playable));
  const rendition = playable.rendition('original') ?? assert.fail();
  remote.faults = { bytesPerSecond: 1000, delayMs: 60_000 };
  const last = rendition.timeline.boundaries.length - 2;
  const outcomes = [last, last - 1, last - 2].map((number) =>
    assert.rejects(rendition.segment(number, 'viewer', never), { name: 'AbortError' }),
  );
  await until(() => remote.active > 0, 5000, 'the film is being read');
  await delay(1000);
  const before = performance.now();
  await playables[Symbol.asyncDispose]?.();
  assert.ok(performance.now() - before < 1000, `${performance.now() - before} ms`);
  assert.equal(children.size, 0);
  await Promise.all(outcomes);
  await playable[Symbol.asyncDispose]();
});
