// What the owner allows of the line: bytes a second each way, connections of one torrent and of all.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import type { TorrentSettings } from '../../src/torrent-engine/protocol/torrent-settings.ts';
import { PlainPeer } from '../support/peers/plain-peer.ts';
import { Seeder } from '../support/peers/seeder.ts';
import { torrentOf, type MadeTorrent } from '../support/peers/torrent-files.ts';
import { freePort, noise, readAndCompare, runEngine, until } from '../sources/torrent/running-engine.ts';

const MIB = 2 ** 20;
const CONTENT = noise(6 * MIB, 'limits');
const TORRENT = torrentOf(CONTENT, { pieceBytes: MIB });

test('bytes come no faster than they may', async () => {
  await using seeder = await Seeder.start([{ torrent: TORRENT, content: CONTENT }]);
  await using running = runEngine({ downloadLimit: 2 * MIB });
  const seconds = await secondsToRead(running, seeder.address);
  // A second's worth may come at once.
  assert.ok(seconds > 1.5, `6 MiB came in ${seconds} s`);
});

test('bytes go no faster than they may', async () => {
  const port = await freePort();
  await using giver = runEngine({ uploadLimit: 2 * MIB, port });
  await using seeder = await Seeder.start([{ torrent: TORRENT, content: CONTENT }]);
  await secondsToRead(giver, seeder.address, async () => {
    await using taker = runEngine();
    const seconds = await secondsToRead(taker, `127.0.0.1:${port}`);
    assert.ok(seconds > 1.5, `6 MiB went in ${seconds} s`);
  });
});

test('a torrent has so many connections and no more, whoever called whom', async () => {
  const port = await freePort();
  await using swarm = await Swarm.of([TORRENT], { maxConnectionsPerTorrent: 3, port });
  await swarm.listen(TORRENT, 8);
  await until('they are used', () => swarm.open >= 3);
  for (let caller = 0; caller < 5; caller += 1) swarm.dial(TORRENT, { port, from: `127.0.1.${caller + 1}` });
  await delay(1500);
  assert.equal(swarm.open, 3);
});

test('all torrents together have so many connections, and share them', async () => {
  const other = torrentOf(CONTENT, { pieceBytes: MIB, name: 'other' });
  await using swarm = await Swarm.of([TORRENT, other], { maxConnections: 6 });
  await swarm.listen(TORRENT, 8);
  await swarm.listen(other, 8);
  await until('they are used', () => swarm.open >= 5);
  await delay(2500);
  assert.ok(swarm.open <= 6, `${swarm.open} connections`);
  assert.ok(swarm.openOf(other) >= 1, 'each has some');
});

/** An engine, and peers that claim to have it all and never answer. */
class Swarm implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();
  readonly #running: ReturnType<typeof runEngine>;
  readonly #peers: { torrent: MadeTorrent; peer: PlainPeer }[] = [];

  private constructor(running: ReturnType<typeof runEngine>) {
    this.#running = this.#stack.use(running);
  }

  static async of(torrents: readonly MadeTorrent[], settings: Partial<TorrentSettings>): Promise<Swarm> {
    const swarm = new Swarm(runEngine(settings));
    for (const torrent of torrents) swarm.#add(torrent, []);
    await until('the engine is up', () => swarm.#running.engine.state === 'ready');
    return swarm;
  }

  async listen(torrent: MadeTorrent, count: number): Promise<void> {
    const peers: PlainPeer[] = [];
    for (let index = 0; index < count; index += 1) peers.push(await PlainPeer.listen(muteAbout(torrent)));
    for (const peer of peers) this.#keep(torrent, peer);
    this.#add(
      torrent,
      peers.map(({ address }) => address),
    );
  }

  dial(torrent: MadeTorrent, to: { port: number; from: string }): void {
    this.#keep(torrent, PlainPeer.dial(muteAbout(torrent), to));
  }

  get open(): number {
    return this.#peers.reduce((sum, { peer }) => sum + peer.connections, 0);
  }

  openOf(torrent: MadeTorrent): number {
    return this.#peers.reduce((sum, each) => sum + (each.torrent === torrent ? each.peer.connections : 0), 0);
  }

  #add({ infoHash, metainfo }: MadeTorrent, peers: string[]): void {
    const handle = this.#running.engine.add({ infoHash, metainfo, peers });
    this.#stack.defer(() => handle[Symbol.dispose]());
  }

  #keep(torrent: MadeTorrent, peer: PlainPeer): void {
    this.#peers.push({ torrent, peer: this.#stack.use(peer) });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

function muteAbout({ infoHash }: MadeTorrent) {
  return { infoHash, pieceBytes: MIB, sizeBytes: CONTENT.length, content: undefined };
}

/** From one peer; `meanwhile` is done while the torrent is still used. */
async function secondsToRead(
  { engine }: ReturnType<typeof runEngine>,
  peer: string,
  meanwhile = () => Promise.resolve(),
): Promise<number> {
  using handle = engine.add({ infoHash: TORRENT.infoHash, peers: [peer], metainfo: TORRENT.metainfo });
  await handle.metadata(AbortSignal.timeout(20_000));
  using reader = handle.open(0, { profile: 'download', start: 0 });
  await until('there is a peer', () => handle.info.stats.peers > 0);
  const start = performance.now();
  await readAndCompare(reader, CONTENT);
  const seconds = (performance.now() - start) / 1000;
  await meanwhile();
  return seconds;
}
