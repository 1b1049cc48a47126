// The media side as the server composes it: how it ends.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { createLogger } from '../../src/base/logger.ts';
import { composeMedia } from '../../src/server/compose-media.ts';
import { readConfig } from '../../src/config/config.ts';
import { Metrics } from '../../src/http/reply/metrics.ts';
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
  const items = await composeMedia({
    config: readConfig({}),
    cacheDirectory: directory,
    knowledge: { get: async () => undefined, put: async () => undefined },
    texts: { get: () => undefined, put: () => undefined },
    metrics: new Metrics(),
    addresses: policy('auto'),
    ownPorts: new Set(),
    log: createLogger('silent', new PassThrough()),
    recordChild: (pid) => {
      children.add(pid);
      return { forget: () => children.delete(pid) };
    },
  });
  const handle = await items.open({ uri: remote.url(), kind: 'http', headers: {}, fileIndex: undefined }, never);
  const count = handle.item.mediaPlaylist('original').match(/^#EXTINF/gmu)?.length ?? 0;
  remote.faults = { bytesPerSecond: 1000, delayMs: 60_000 };
  const outcomes = [1, 2, 3].map((fromEnd) => {
    const name = `segment${String(count - fromEnd).padStart(5, '0')}.m4s`;
    return assert.rejects(handle.item.segment('original', name).get('viewer', never), { name: 'AbortError' });
  });
  await until(() => remote.active > 0, 5000, 'the film is being read');
  await delay(1000);
  const before = performance.now();
  await items[Symbol.asyncDispose]?.();
  assert.ok(performance.now() - before < 1000, `${performance.now() - before} ms`);
  assert.equal(children.size, 0);
  await Promise.all(outcomes);
  await handle[Symbol.asyncDispose]();
});
