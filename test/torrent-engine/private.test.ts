// BEP 27: peers of a private torrent come from its trackers alone. Each test does the same with a public one, which shows that it listens.
import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { decodeBencode } from '../../src/torrent-engine/protocol/bencode.ts';
import { PlainPeer } from '../support/peers/plain-peer.ts';
import { Seeder } from '../support/peers/seeder.ts';
import { bencoded, torrentOf } from '../support/peers/torrent-files.ts';
import { freePort, noise, runEngine, until } from '../sources/torrent/running-engine.ts';

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

test('the DHT that was asked before it was known to be private is not told who has it', async (t) => {
  const node = await TellableNode.listen();
  t.after(() => node.socket.close());
  const giverPort = await freePort();
  await using giver = runEngine({ port: giverPort });
  using _given = giver.engine.add({ infoHash: SECRET.infoHash, metainfo: SECRET.metainfo });
  await until('somebody can tell what is in it', () => giver.engine.state === 'ready');
  await using running = runEngine({ dht: true, dhtBootstrap: [`127.0.0.1:${node.socket.address().port}`] });
  using _public = running.engine.add({ infoHash: PUBLIC.infoHash });
  await until('the DHT is told of a public one', () => node.count('announce_peer', PUBLIC.infoHash) > 0);
  node.isSlow = true;
  using handle = running.engine.add({ infoHash: SECRET.infoHash });
  await until('the DHT is asked', () => node.count('get_peers', SECRET.infoHash) > 0);
  using _again = running.engine.add({ infoHash: SECRET.infoHash, peers: [`127.0.0.1:${giverPort}`] });
  assert.ok((await handle.metadata(AbortSignal.timeout(20_000))).isPrivate);
  const early = node.count('announce_peer', SECRET.infoHash);
  node.answer();
  await delay(500);
  assert.equal(node.count('announce_peer', SECRET.infoHash), early);
});

/** A node of the DHT that knows nobody, and that peers may be announced to. */
class TellableNode {
  readonly socket = createSocket('udp4');
  /** Who asks for peers waits until `answer` is called, but not so long as to give up. */
  isSlow = false;
  readonly #heard: string[] = [];
  readonly #waiting = new Set<() => void>();

  static async listen(): Promise<TellableNode> {
    const node = new TellableNode();
    node.socket.on('message', (bytes, from) => node.#hear(bytes, from.port));
    node.socket.bind(0, '127.0.0.1');
    await once(node.socket, 'listening');
    return node;
  }

  /** How often that was asked of it. */
  count(question: string, infoHash: string): number {
    const hash = Buffer.from(infoHash, 'hex').toString('latin1');
    return this.#heard.filter((text) => text.includes(`:${question}1:t`) && text.includes(hash)).length;
  }

  answer(): void {
    for (const each of this.#waiting) each();
    this.#waiting.clear();
  }

  #hear(bytes: Uint8Array, port: number): void {
    const text = Buffer.from(bytes).toString('latin1');
    const id = decodeBencode(bytes).members.get('t');
    if (!text.endsWith('1:y1:qe') || !(id instanceof Uint8Array)) return;
    this.#heard.push(text);
    const reply = bencoded({ r: { id: Buffer.alloc(20, 'A'), nodes: '', token: 'token' }, t: id, y: 'r' });
    const send = () => this.socket.send(reply, port, '127.0.0.1');
    if (!this.isSlow || !text.includes('9:get_peers')) return send();
    this.#waiting.add(send);
    setTimeout(() => this.answer(), 1500).unref();
  }
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
