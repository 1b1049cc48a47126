// The seeder that the torrent tests rely on: it shares its content, over the configured transport only.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';

import { Seeder } from './seeder.ts';
import { torrentOf } from './torrent-files.ts';

const PROTOCOL = Buffer.from('\u0013BitTorrent protocol', 'latin1');

/** The info hash in the peer's handshake (BEP 3); undefined when the peer closes the connection. */
async function handshake(address: string, infoHash: string): Promise<string | undefined> {
  const { hostname, port } = new URL(`http://${address}`);
  const socket = connect(Number(port), hostname.replaceAll(/[[\]]/gu, ''));
  socket.write(Buffer.concat([PROTOCOL, Buffer.alloc(8), Buffer.from(infoHash, 'hex'), Buffer.alloc(20, 'x')]));
  const answer = await Promise.race([
    once(socket, 'data').then(([bytes]: Uint8Array[]) => Buffer.from(bytes ?? [])),
    once(socket, 'close').then(() => undefined),
  ]).catch(() => undefined);
  socket.destroy();
  return answer?.subarray(28, 48).toString('hex');
}

test('it answers for its torrents, at IPv4 or IPv6, and for no others', async () => {
  const content = Buffer.alloc(40_000, 1);
  const torrent = torrentOf([
    { path: ['..', '..', 'a'], content: content.subarray(0, 10) },
    { path: ['/b'], content: content.subarray(10) },
  ]);
  for (const host of ['127.0.0.1', '::1'] as const) {
    await using seeder = await Seeder.start([{ torrent, content }], { host });
    assert.equal(await handshake(seeder.address, torrent.infoHash), torrent.infoHash);
    assert.equal(await handshake(seeder.address, 'ab'.repeat(20)), undefined);
    assert.equal(await seeder.sentBytes(), 0);
  }
});

test('it hangs up on plain peers when it wants encryption', async () => {
  const content = Buffer.alloc(40_000, 1);
  const torrent = torrentOf(content);
  await using seeder = await Seeder.start([{ torrent, content }], { isEncrypted: true });
  assert.equal(await handshake(seeder.address, torrent.infoHash), undefined);
});
