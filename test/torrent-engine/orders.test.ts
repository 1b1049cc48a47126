// What the engine's process does with single orders, however long the next one takes to come.
import assert from 'node:assert/strict';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { readConfig } from '../../src/config/config.ts';
import { ENGINE_ENTRY } from '../../src/sources/torrent/engine-client/engine-process.ts';
import { parseReport } from '../../src/sources/torrent/engine-client/parse-report.ts';
import type { EngineOrder } from '../../src/torrent-engine/protocol/engine-protocol.ts';

const SETTINGS = readConfig({
  RAFFI_TORRENT_LISTEN: '127.0.0.1',
  ...Object.fromEntries(['DHT', 'LSD', 'PORT_MAPPING', 'UTP', 'WEBRTC'].map((each) => [`RAFFI_TORRENT_${each}`, '0'])),
}).torrents;

/** The engine looks after its torrents once a second. */
const TWO_LOOKS_MS = 2200;

test('a torrent that somebody opens stays in its swarm from the first order on', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'raffi-orders-'));
  const engine = fork(ENGINE_ENTRY, { serialization: 'advanced', stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const gone = once(engine, 'exit');
  try {
    const order = (one: EngineOrder): void => void engine.send(one);
    const infoHash = 'ab'.repeat(20);
    let isActive = false;
    engine.on('message', (message) => {
      const report = parseReport(message);
      if (report?.type === 'stats') isActive = report.stats.isActive;
    });
    order({ type: 'start', directory, dhtFile: join(directory, 'dht.json'), settings: SETTINGS });
    const nothing = { metainfo: undefined, name: undefined, trackers: [], peers: [], webSeeds: [] };
    order({ type: 'add', infoHash, ...nothing, users: 1 });
    while (!isActive) await delay(20);
    await delay(TWO_LOOKS_MS);
    assert.ok(isActive);
    order({ type: 'users', infoHash, count: 0 });
    // Nothing was taken from the swarm, so it owes nothing and is left at once.
    while (isActive) await delay(20);
    order({ type: 'stop' });
    await gone;
  } finally {
    engine.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  }
});
