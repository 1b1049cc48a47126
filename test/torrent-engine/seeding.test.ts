// What is given back: other peers get what we have while somebody uses it, until as much was sent as received, or for a while.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import type { TorrentSettings } from '../../src/torrent-engine/protocol/torrent-settings.ts';
import { Seeder } from '../support/peers/seeder.ts';
import { torrentOf } from '../support/peers/torrent-files.ts';
import { freePort, noise, readAndCompare, runEngine, until } from '../sources/torrent/running-engine.ts';

const MIB = 2 ** 20;
const CONTENT = noise(6 * MIB, 'given back');
const TORRENT = torrentOf(CONTENT, { pieceBytes: MIB });

test('another engine gets all of a torrent from ours, and then ours has given enough', async () => {
  await using giver = await filled({ seedRatio: 1, seedAfterMs: 600_000 });
  await using taker = runEngine();
  using taken = taker.engine.add({ infoHash: TORRENT.infoHash, peers: [`127.0.0.1:${giver.port}`] });
  await taken.metadata(AbortSignal.timeout(20_000));
  using reader = taken.open(0, { profile: 'player', start: 0 });
  assert.equal(await readAndCompare(reader, CONTENT), CONTENT.length);
  const info = giver.engine.find(TORRENT.infoHash);
  await until('the upload is counted', () => (info?.stats.uploadedBytes ?? 0) >= CONTENT.length);
  assert.equal(info?.stats.isActive, true, 'somebody still uses it');
  giver.release();
  await until('the swarm is left', () => info !== undefined && !info.stats.isActive);
});

test('a torrent nobody asks for leaves the swarm a while after its last user, and is there again for the next', async () => {
  await using giver = await filled({ seedRatio: 1, seedAfterMs: 1500 });
  const info = giver.engine.find(TORRENT.infoHash);
  await delay(2500);
  assert.equal(info?.stats.isActive, true, 'somebody still uses it');
  giver.release();
  await until('the swarm is left', () => info !== undefined && !info.stats.isActive);
  using handle = giver.engine.add({ infoHash: TORRENT.infoHash });
  using reader = handle.open(0, { profile: 'player', start: 0 });
  assert.equal(await readAndCompare(reader, CONTENT), CONTENT.length);
  await until('the swarm is joined again', () => info !== undefined && info.stats.isActive);
});

test('what may not be uploaded is not', async () => {
  await using giver = await filled({ uploadLimit: 0 });
  await using taker = runEngine();
  using taken = taker.engine.add({
    infoHash: TORRENT.infoHash,
    peers: [`127.0.0.1:${giver.port}`],
    metainfo: TORRENT.metainfo,
  });
  await taken.metadata(AbortSignal.timeout(20_000));
  using reader = taken.open(0, { profile: 'player', start: 0 });
  await until('they are connected', () => taken.info.stats.peers === 1);
  await assert.rejects(reader.read(Buffer.alloc(1), AbortSignal.timeout(1500)), { name: 'TimeoutError' });
});

interface Filled extends AsyncDisposable {
  engine: ReturnType<typeof runEngine>['engine'];
  port: number;
  /** The one user goes. */
  release(): void;
}

/** An engine that has it all, and no peer. */
async function filled(settings: Partial<TorrentSettings>): Promise<Filled> {
  const port = await freePort();
  const running = runEngine({ ...settings, port });
  await using seeder = await Seeder.start([{ torrent: TORRENT, content: CONTENT }]);
  const handle = running.engine.add({ infoHash: TORRENT.infoHash, peers: [seeder.address] });
  await handle.metadata(AbortSignal.timeout(20_000));
  using reader = handle.open(0, { profile: 'download', start: 0 });
  await readAndCompare(reader, CONTENT);
  await until('all pieces have passed', () => handle.info.stats.stage === 'ready');
  return {
    engine: running.engine,
    port,
    release: () => handle[Symbol.dispose](),
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}
