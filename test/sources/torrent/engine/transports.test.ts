// Each way to a peer alone: the right bytes, and nothing but that way in use.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { test } from 'node:test';

import WebTorrent from 'webtorrent';

import type { TorrentRequest } from '../../../../src/sources/torrent/torrent-engine.ts';
import type { TorrentSettings } from '../../../../src/sources/torrent/torrent-settings.ts';
import { Seeder, type SeederOptions } from '../../../servers/seeder.ts';
import { torrentOf } from '../../../servers/torrent-files.ts';
import { Tracker } from '../../../servers/tracker.ts';
import { noise, readAndCompare, runEngine, until } from '../running-engine.ts';

const MIB = 2 ** 20;
const CONTENT = noise(4 * MIB, 'transports');

const WAYS: [name: string, seeder: SeederOptions, settings: Partial<TorrentSettings>][] = [
  ['uTP', { transport: 'utp' }, { utp: true, tcp: false }],
  ['TCP with encryption forced', { isEncrypted: true }, { encryption: 'require' }],
  ['IPv6', { host: '::1' }, {}],
];

for (const [name, options, settings] of WAYS) {
  test(`a torrent comes by ${name}`, async () => {
    const torrent = torrentOf(CONTENT, { pieceBytes: 256 * 1024 });
    await using seeder = await Seeder.start([{ torrent, content: CONTENT }], options);
    await played({ infoHash: torrent.infoHash, peers: [seeder.address] }, settings);
  });
}

test('a peer that only speaks uTP is reached though TCP is tried first', async () => {
  const torrent = torrentOf(CONTENT, { pieceBytes: 256 * 1024 });
  await using seeder = await Seeder.start([{ torrent, content: CONTENT }], { transport: 'utp' });
  await played({ infoHash: torrent.infoHash, peers: [seeder.address] }, { utp: true });
});

test('a torrent comes from a web server alone', async () => {
  const server = createServer((request, response) => {
    const [, first = '0', last = '0'] = /bytes=(\d+)-(\d+)/u.exec(request.headers.range ?? '') ?? [];
    const part = CONTENT.subarray(Number(first), Number(last) + 1);
    response.writeHead(206, { 'Content-Range': `bytes ${first}-${last}/${CONTENT.length}` });
    response.end(part);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/film`;
  const torrent = torrentOf(CONTENT, { pieceBytes: 256 * 1024, webSeeds: [url] });
  await played({ infoHash: torrent.infoHash, metainfo: torrent.metainfo, webSeeds: [url] }, { webSeeds: true });
  server.closeAllConnections();
  server.close();
});

test('a torrent comes by WebRTC from a peer that a WebSocket tracker knows', async () => {
  await using tracker = await Tracker.start('ws');
  const torrent = torrentOf(CONTENT, { pieceBytes: 256 * 1024 });
  const seed = new WebTorrent({
    torrentPort: { port: 0, host: '127.0.0.1' },
    dht: false,
    lsd: false,
    utPex: false,
    natUpnp: false,
    natPmp: false,
    utp: false,
    webSeeds: false,
    secure: 0,
    maxConns: 5,
    downloadLimit: -1,
    uploadLimit: -1,
    tracker: { rtcConfig: { iceServers: [] } },
  });
  seed.add(torrent.metainfo, {
    deselect: true,
    path: '/',
    announce: [tracker.url],
    urlList: [],
    store: seedStore(CONTENT),
    storeCacheSlots: 0,
    uploads: 5,
    maxWebConns: 1,
  });
  try {
    await played({ infoHash: torrent.infoHash, trackers: [tracker.url] }, { trackers: true, webRtc: true });
  } finally {
    await new Promise((resolve) => seed.destroy(resolve));
  }
});

/** Byte for byte, from the first to the last. */
async function played(request: TorrentRequest, settings: Partial<TorrentSettings>): Promise<void> {
  await using running = runEngine(settings);
  await until('the engine is up', () => running.engine.state === 'ready');
  using handle = running.engine.add(request);
  const signal = AbortSignal.timeout(30_000);
  await handle.metadata(signal);
  using reader = handle.open(0, { profile: 'player', start: 0 });
  assert.equal(await readAndCompare(reader, CONTENT, { signal }), CONTENT.length, running.log.join('\n'));
}

/** A store that has everything. */
function seedStore(content: Buffer) {
  return class {
    readonly chunkLength: number;

    constructor(chunkLength: number) {
      this.chunkLength = chunkLength;
    }

    get(
      piece: number,
      options: { offset?: number; length?: number } | null,
      done: (error: Error | null, bytes?: Uint8Array) => void,
    ): void {
      const start = piece * this.chunkLength + (options?.offset ?? 0);
      done(null, content.subarray(start, start + (options?.length ?? this.chunkLength)));
    }

    put(_piece: number, _bytes: Uint8Array, done: (error: Error | null) => void): void {
      done(null);
    }

    close(done: (error: Error | null) => void): void {
      done(null);
    }

    destroy(done: (error: Error | null) => void): void {
      done(null);
    }
  };
}
