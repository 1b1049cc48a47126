// Trackers that tell too much: of peers, of themselves, of calls by WebRTC.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';

import Peer from '@thaunknown/simple-peer/lite.js';

import { bencoded } from '../support/peers/torrent-files.ts';
import { Tracker } from '../support/peers/tracker.ts';
import { runEngine, until } from '../sources/torrent/running-engine.ts';

const INFO_HASH = 'e'.repeat(40);

test('of a hundred thousand peers a thousand are called, and no others', async (t) => {
  const [early, late] = [await listener(t), await listener(t)];
  const peers = deadPeers(100_000);
  place(peers, { at: 999, port: early.port });
  place(peers, { at: 1000, port: late.port });
  const { url } = await httpTracker(t, bencoded({ interval: 1800, peers }));
  await using running = runEngine({ trackers: true });
  using _handle = running.engine.add({ infoHash: INFO_HASH, trackers: [url] });
  await until('the last of the first thousand is called', () => early.calls > 0);
  await delay(1500);
  assert.equal(late.calls, 0);
});

test('an answer of more than a mebibyte is not read, though it comes packed', async (t) => {
  const first = await listener(t);
  const peers = Buffer.alloc(2 * 2 ** 20 - (2 ** 21 % 6));
  place(peers, { at: 0, port: first.port });
  const { url } = await httpTracker(t, gzipSync(bencoded({ interval: 1800, peers })), { 'Content-Encoding': 'gzip' });
  await using running = runEngine({ trackers: true });
  using _handle = running.engine.add({ infoHash: INFO_HASH, trackers: [url] });
  await until('it is said', () => /more than 1048576 bytes/u.test(running.log.join('\n')));
  assert.equal(first.calls, 0);
  assert.doesNotMatch(running.log.join('\n'), /started again/u);
});

test('of a hundred WebRTC peers that call by a tracker as many are answered as may connect', async (t) => {
  const stranger = new Peer({ initiator: true, trickle: false, config: { iceServers: [] } });
  t.after(() => stranger.destroy());
  const offer = await new Promise<unknown>((resolve) => stranger.once('signal', resolve));
  await using tracker = await Tracker.start('ws');
  const id = (letter: string, count: number): string => letter + String(count).padStart(19, '0');
  for (let count = 0; count < 100; count += 1) {
    const ids = { peer_id: id('p', count), offer_id: id('o', count) };
    const infoHash = Buffer.from(INFO_HASH, 'hex').toString('latin1');
    tracker.says.push(JSON.stringify({ action: 'announce', info_hash: infoHash, offer, ...ids }));
  }
  await using running = runEngine({ trackers: true, webRtc: true, maxConnectionsPerTorrent: 10 });
  using _handle = running.engine.add({ infoHash: INFO_HASH, trackers: [tracker.url] });
  const answered = (): number => tracker.heard.filter((text) => text.includes('"answer"')).length;
  await until('the first are answered', () => answered() >= 10);
  await delay(1500);
  assert.equal(answered(), 10);
});

/** In the compact form of BEP 23: addresses of loopback at which nobody listens. */
function deadPeers(count: number): Buffer {
  const peers = Buffer.alloc(count * 6);
  for (let index = 0; index < count; index += 1) {
    peers.writeUInt32BE(0x7f_01_00_00 + index, index * 6);
    peers.writeUInt16BE(9, index * 6 + 4);
  }
  return peers;
}

function place(peers: Buffer, { at, port }: { at: number; port: number }): void {
  peers.writeUInt32BE(0x7f_00_00_01, at * 6);
  peers.writeUInt16BE(port, at * 6 + 4);
}

async function listener(t: TestContext): Promise<{ port: number; readonly calls: number }> {
  const heard = { port: 0, calls: 0 };
  const server = createTcpServer((socket) => {
    heard.calls += 1;
    socket.destroy();
  }).listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  heard.port = portOf(server.address());
  return heard;
}

/** Says the same to everybody. */
async function httpTracker(
  t: TestContext,
  answer: Uint8Array,
  headers: Record<string, string> = {},
): Promise<{ url: string }> {
  const server = createServer((_request, response) => response.writeHead(200, headers).end(answer));
  server.listen(0, '127.0.0.1');
  t.after(() => server.close());
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${portOf(server.address())}/announce` };
}

function portOf(address: ReturnType<ReturnType<typeof createTcpServer>['address']>): number {
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}
