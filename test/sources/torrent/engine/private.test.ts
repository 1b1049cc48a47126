// BEP 27: peers of a private torrent come from its trackers alone. Each test does the same with a public one, which shows that it listens.
import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { PlainPeer } from '../../../servers/plain-peer.ts';
import { Seeder } from '../../../servers/seeder.ts';
import { torrentOf } from '../../../servers/torrent-files.ts';
import { freePort, noise, runEngine, until } from '../running-engine.ts';

const PIECE = 256 * 1024;
const CONTENT = noise(PIECE, 'members only');
const SECRET = torrentOf(CONTENT, { pieceBytes: PIECE, isPrivate: true });
const PUBLIC = torrentOf(CONTENT, { pieceBytes: PIECE });

test('the DHT never hears of it, and no peer is asked for others', async (t) => {
  await using router = await Seeder.start([], { dhtNodes: [] });
  const node = await ear();
  passOn(node.socket, Number(router.address.split(':')[1]));
  t.after(() => node.socket.close());
  await using running = runEngine({
    dht: true,
    peerExchange: true,
    dhtBootstrap: [`127.0.0.1:${node.socket.address().port}`],
  });
  const greetings: string[] = [];
  for (const torrent of [SECRET, PUBLIC]) {
    const parts = { infoHash: torrent.infoHash, pieceBytes: PIECE, sizeBytes: PIECE, content: CONTENT };
    await using peer = await PlainPeer.listen({ ...parts, knowsExtensions: true });
    const request = { infoHash: torrent.infoHash, metainfo: torrent.metainfo, peers: [peer.address] };
    using _handle = running.engine.add(request);
    await until('the peer is greeted', () => peer.extended.length > 0);
    greetings.push(peer.extended.join(''));
    const { infoHash } = torrent;
    if (torrent === PUBLIC)
      await until('the DHT is asked', () => node.heard.includes(Buffer.from(infoHash, 'hex').toString('latin1')));
    else await delay(500);
  }
  assert.deepEqual(
    greetings.map((text) => text.includes('6:ut_pex')),
    [false, true],
  );
  assert.ok(!node.heard.includes(Buffer.from(SECRET.infoHash, 'hex').toString('latin1')), 'the DHT');
});

for (const [torrent, isCalled] of [
  [PUBLIC, true],
  [SECRET, false],
] as const) {
  const kind = isCalled ? 'public' : 'private';
  test(`a peer that was met before a ${kind} torrent was known to be so tells of another, who is ${isCalled ? '' : 'not '}called`, async (t) => {
    let calls = 0;
    const other = createServer((socket) => {
      calls += 1;
      socket.destroy();
    }).listen(0, '127.0.0.1');
    t.after(() => other.close());
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const parts = { infoHash: torrent.infoHash, pieceBytes: PIECE, sizeBytes: PIECE, content: undefined };
    await using teller = await PlainPeer.listen({ ...parts, knowsExtensions: true });
    await using running = runEngine({ peerExchange: true });
    using handle = running.engine.add({ infoHash: torrent.infoHash, peers: [teller.address] });
    await until('the teller is greeted', () => teller.extended.length > 0);
    const giverPort = await freePort();
    await using giver = runEngine({ port: giverPort });
    using _given = giver.engine.add({ infoHash: torrent.infoHash, metainfo: torrent.metainfo });
    await until('somebody can tell what is in it', () => giver.engine.state === 'ready');
    using _again = running.engine.add({ infoHash: torrent.infoHash, peers: [`127.0.0.1:${giverPort}`] });
    await handle.metadata(AbortSignal.timeout(20_000));
    teller.tellOf({ port });
    if (isCalled) await until('the other is called', () => calls > 0);
    else await delay(1500);
    assert.equal(calls > 0, isCalled);
  });
}

/** What comes goes to that port of loopback, and its answers back to whoever asked last. */
function passOn(socket: Socket, port: number): void {
  let asker = 0;
  socket.on('message', (bytes, from) => {
    if (from.port !== port) asker = from.port;
    socket.send(bytes, from.port === port ? asker : port, '127.0.0.1');
  });
}

/** A socket on loopback, and everything it heard. */
async function ear(): Promise<{ socket: Socket; heard: string }> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  const found = { socket, heard: '' };
  socket.on('message', (bytes) => (found.heard += bytes.toString('latin1')));
  await once(socket, 'listening');
  return found;
}
