// What we rely on in webtorrent without its promise. Should an upgrade break one of these, this says which.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { after, before, test } from 'node:test';

import WebTorrent, { type ChunkStore, type Torrent } from 'webtorrent';

import { torrentOf } from '../support/peers/torrent-files.ts';
import { QUIET_CLIENT } from '../support/peers/web-peer.ts';

const PIECES = 5;
const PIECE_BYTES = 32 * 1024;
const made = torrentOf(Buffer.alloc(PIECES * PIECE_BYTES, 'x'), { pieceBytes: PIECE_BYTES });

class EmptyStore implements ChunkStore {
  static reads = 0;
  readonly chunkLength: number;

  constructor(chunkLength: number) {
    this.chunkLength = chunkLength;
  }

  get(_piece: number, _options: object | null, done: (error: Error) => void): void {
    EmptyStore.reads += 1;
    done(new Error('nothing'));
  }

  put(_piece: number, _bytes: Uint8Array, done: (error: null) => void): void {
    done(null);
  }

  close(done: (error: null) => void): void {
    done(null);
  }

  destroy(done: (error: null) => void): void {
    done(null);
  }
}

let client: WebTorrent;
let torrent: Torrent;
const calls: string[] = [];

before(async () => {
  client = new WebTorrent({ ...QUIET_CLIENT, tracker: false });
  torrent = client.add(made.metainfo, {
    deselect: true,
    path: '/',
    announce: [],
    urlList: [],
    store: EmptyStore,
    storeCacheSlots: 0,
    uploads: 1,
    maxWebConns: 1,
  });
  const startDiscovery = torrent._startDiscovery.bind(torrent);
  torrent._startDiscovery = () => {
    calls.push('_startDiscovery');
    startDiscovery();
  };
  torrent._addPeer = (peer, type) => {
    calls.push(`_addPeer ${typeof peer === 'string' ? peer : 'connection'} ${type}`);
    return null;
  };
  torrent._updateWire = () => calls.push('_updateWire');
  torrent.on('metadata', () => (torrent._hasStartupBitfield = true));
  await once(torrent, 'ready');
});

after(async () => {
  await new Promise((resolve) => client.destroy(resolve));
});

test('the version is the one that was read', () => {
  assert.equal(WebTorrent.VERSION, '3.0.21');
});

test('it listens where the port option says, host and all', () => {
  const address = client._connPool?.tcpServer?.address();
  assert.ok(typeof address === 'object' && address?.address === '127.0.0.1' && address.port === client.torrentPort);
});

test('methods that are replaced before the torrent begins are the ones it calls', () => {
  assert.ok(calls.includes('_startDiscovery'));
  assert.equal(torrent.addPeer('127.0.0.1:9', 'manual'), false);
  assert.ok(calls.includes('_addPeer 127.0.0.1:9 tcp'));
  // Its heartbeat goes over the wires with the replaced method, and there is none.
  assert.doesNotThrow(() => torrent._update());
});

test('nothing is hashed at the start when a bitfield is said to be there', () => {
  assert.equal(EmptyStore.reads, 0);
});

test('pieces can be marked and unmarked', () => {
  assert.equal(torrent._hashes.length, PIECES);
  assert.equal(torrent.bitfield.get(2), false);
  torrent._markVerified(2);
  assert.equal(torrent.bitfield.get(2), true);
  assert.equal(torrent.pieces[2], null);
  torrent._markUnverified(2);
  assert.equal(torrent.bitfield.get(2), false);
  assert.notEqual(torrent.pieces[2], null);
});

test('peers, wires and discovery are where they are looked for', () => {
  assert.ok(torrent._peers instanceof Map);
  assert.ok(Array.isArray(torrent.wires));
  assert.equal(typeof torrent._request, 'function');
  assert.equal(typeof torrent.discovery?.destroy, 'function');
  assert.ok(Array.isArray(torrent.announce));
});

test('a message with a string of negative length is refused, not read for ever', () => {
  const guard = new URL('../../src/torrent-engine/webtorrent/bencode-guard.ts', import.meta.url).href;
  const script = `import { guardBencode } from ${JSON.stringify(guard)}; import bencode from 'bencode'; guardBencode();
    try { bencode.decode(Buffer.from('d-2:')); } catch (error) { console.log(error.message); }`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    timeout: 10_000,
    encoding: 'utf8',
    cwd: import.meta.dirname,
  });
  assert.equal(stdout.trim(), 'a string of negative length');
});

test('each part that is left out is asked for by the package it stands for, and the rest does without', () => {
  const parts = new URL('../../src/torrent-engine/webtorrent/webtorrent-stubs.ts', import.meta.url).href;
  const script = `import { registerHooks } from 'node:module'; import { WEBTORRENT_STUBS, stubUnusedModules } from ${JSON.stringify(parts)};
    stubUnusedModules();
    const left = new Set(WEBTORRENT_STUBS);
    registerHooks({ resolve(name, context, next) {
      const found = next(name, context);
      if (found.url.startsWith("data:"))
        for (const each of left) if (each.name === name && context.parentURL.includes('/' + each.by + '/')) left.delete(each);
      return found;
    } });
    const { default: WebTorrent } = await import('webtorrent');
    const client = new WebTorrent({ torrentPort: { port: 0, host: '127.0.0.1' }, dht: false, lsd: false, utp: false });
    client.once('listening', () => client.destroy(() => { console.log('never asked for:', [...left]); process.exit(0); }));`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    timeout: 20_000,
    encoding: 'utf8',
    cwd: import.meta.dirname,
  });
  assert.equal(stdout.trim(), 'never asked for: []', stderr);
});
