// Each way to a peer alone: the right bytes, and nothing but that way in use.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';

import type { TorrentRequest } from '../../src/torrent-engine/protocol/torrent-engine.ts';
import type { TorrentSettings } from '../../src/torrent-engine/protocol/torrent-settings.ts';
import { Seeder, type SeederOptions } from '../support/peers/seeder.ts';
import { torrentOf } from '../support/peers/torrent-files.ts';
import { Tracker } from '../support/peers/tracker.ts';
import { WebPeer } from '../support/peers/web-peer.ts';
import { noise, readAndCompare, runEngine, until } from '../sources/torrent/running-engine.ts';

const MIB = 2 ** 20;
const IS_LINUX = process.platform === 'linux';
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

test(
  'uTP and the DHT listen where they are told, and nowhere else',
  { skip: !IS_LINUX && 'only Linux tells' },
  async () => {
    await using running = runEngine({ utp: true, dht: true, dhtBootstrap: [] });
    await until('the engine is up', () => running.engine.state === 'ready');
    const { pid = 0 } = running.engine;
    const sockets = readdirSync(`/proc/${pid}/fd`).map((each) => inodeOf(`/proc/${pid}/fd/${each}`));
    const lines = readFileSync('/proc/net/udp', 'latin1')
      .split('\n')
      .map((line) => line.trim().split(/\s+/u));
    const own = lines.filter((words) => words[9] !== undefined && sockets.includes(words[9]));
    assert.deepEqual(
      own.map(([, address = '']) => address.split(':')[0]),
      ['0100007F', '0100007F'],
    );
  },
);

function inodeOf(path: string): string {
  try {
    return /^socket:\[(\d+)\]$/u.exec(readlinkSync(path))?.[1] ?? '';
  } catch {
    // Closed meanwhile.
    return '';
  }
}

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

test('a torrent comes by WebRTC from a peer that a WebSocket tracker knows, once its certificate is trusted', async (t) => {
  await using tracker = await Tracker.start('wss');
  const torrent = torrentOf(CONTENT, { pieceBytes: 256 * 1024 });
  const request = { infoHash: torrent.infoHash, trackers: [tracker.url] };
  const settings = { trackers: true, webRtc: true };
  {
    await using running = runEngine(settings);
    using _handle = running.engine.add(request);
    await until('the certificate is refused', () => running.log.join('\n').includes('Error connecting to wss:'));
    assert.deepEqual(tracker.announced, []);
  }
  trust(tracker.certificate ?? assert.fail(), t);
  await using _peer = new WebPeer(torrent, CONTENT, [tracker.url]);
  await played(request, settings);
});

/** This process does from now on, and the engines it starts, until the test ends. */
function trust(certificate: string, t: TestContext): void {
  const directory = mkdtempSync(join(tmpdir(), 'raffi-certificate-'));
  const path = join(directory, 'certificate.pem');
  writeFileSync(path, certificate);
  const known = getCACertificates('default');
  setDefaultCACertificates([...known, certificate]);
  process.env['NODE_EXTRA_CA_CERTS'] = path;
  t.after(() => {
    delete process.env['NODE_EXTRA_CA_CERTS'];
    setDefaultCACertificates(known);
    rmSync(directory, { recursive: true, force: true });
  });
}

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
