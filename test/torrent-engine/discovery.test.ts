// Each way to find peers alone leads from a bare info hash to the film. Who is found is libtorrent.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import type { TorrentRequest } from '../../src/torrent-engine/protocol/torrent-engine.ts';
import type { TorrentSettings } from '../../src/torrent-engine/protocol/torrent-settings.ts';
import { Seeder } from '../support/peers/seeder.ts';
import { torrentOf } from '../support/peers/torrent-files.ts';
import { Tracker } from '../support/peers/tracker.ts';
import { noise, readAndCompare, runEngine, until, type RunningEngine } from '../sources/torrent/running-engine.ts';

const CONTENT = noise(2 ** 20, 'discovery');
const TORRENT = torrentOf(CONTENT, { pieceBytes: 256 * 1024 });
const SHARED = [{ torrent: TORRENT, content: CONTENT }];

for (const protocol of ['http', 'udp'] as const) {
  test(`a tracker that speaks ${protocol} knows who has the film`, async () => {
    await using tracker = await Tracker.start(protocol);
    await using _seeder = await Seeder.start(SHARED, { trackers: [tracker.url] });
    await until('the seeder is known', () => tracker.announced.includes(TORRENT.infoHash));
    await using running = await started({ trackers: true });
    await play(running, { trackers: [tracker.url] });
  });
}

test('a peer without the film tells of one that has it', async () => {
  await using seeder = await Seeder.start(SHARED);
  await using between = await Seeder.start(SHARED, { knows: [seeder.address] });
  await using running = await started({ peerExchange: true });
  await play(running, { peers: [between.address] });
});

test('the DHT knows who has the film, and after a restart needs nobody to begin with', async (t) => {
  await using router = await Seeder.start([], { dhtNodes: [] });
  await using _seeder = await Seeder.start(SHARED, { dhtNodes: [router.address] });
  const directory = mkdtempSync(join(tmpdir(), 'raffi-torrent-'));
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  {
    await using running = await started({ dht: true, dhtBootstrap: [router.address] }, directory);
    await play(running, {});
  }
  assert.ok(existsSync(join(directory, 'dht.json')));
  await using running = await started({ dht: true, dhtBootstrap: [] }, directory);
  await play(running, {});
});

test('a node of the DHT that the owner named is called wherever it is, by its address and by its name', async (t) => {
  const node = createSocket('udp4').bind(0, '127.0.0.1');
  t.after(() => node.close());
  await once(node, 'listening');
  let packets = 0;
  node.on('message', () => (packets += 1));
  for (const host of ['127.0.0.1', 'localhost']) {
    packets = 0;
    await using _running = await started({
      dht: true,
      privatePeers: false,
      dhtBootstrap: [`${host}:${node.address().port}`],
    });
    await until(`${host} is called`, () => packets > 0, 10_000);
  }
});

async function started(settings: Partial<TorrentSettings>, directory?: string): Promise<RunningEngine> {
  const running = runEngine(settings, directory);
  await until('the engine is up', () => running.engine.state === 'ready');
  return running;
}

/** Byte for byte, from the first to the last. */
async function play({ engine, log }: RunningEngine, how: Omit<TorrentRequest, 'infoHash'>): Promise<void> {
  using handle = engine.add({ infoHash: TORRENT.infoHash, ...how });
  const signal = AbortSignal.timeout(30_000);
  await handle.metadata(signal).catch((error: unknown) => assert.fail(`${String(error)} ${log.join('\n')}`));
  using reader = handle.open(0, { profile: 'player', start: 0 });
  assert.equal(await readAndCompare(reader, CONTENT, { signal }), CONTENT.length, log.join('\n'));
}
