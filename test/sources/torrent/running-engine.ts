// A torrent engine for tests: on loopback, with everything off that a test does not turn on, in a directory of its own.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { lockDirectory } from '../../../src/state/sqlite/directory-lock.ts';
import { openTorrentEngine } from '../../../src/sources/torrent/engine-client/open-torrent-engine.ts';
import type { TorrentHandle, TorrentReader } from '../../../src/torrent-engine/protocol/torrent-engine.ts';
import type { TorrentSettings } from '../../../src/torrent-engine/protocol/torrent-settings.ts';

const MIB = 2 ** 20;

const LOOPBACK: TorrentSettings = {
  listenHost: '127.0.0.1',
  port: 0,
  trackers: false,
  dht: false,
  dhtBootstrap: undefined,
  peerExchange: false,
  localDiscovery: false,
  webSeeds: false,
  webRtc: false,
  utp: false,
  tcp: true,
  ipv6: true,
  portMapping: false,
  encryption: 'off',
  privatePeers: true,
  maxConnectionsPerTorrent: 60,
  maxConnections: 100,
  uploadSlots: 4,
  downloadLimit: undefined,
  uploadLimit: undefined,
  seedRatio: 1,
  seedAfterMs: 60_000,
  capBytes: undefined,
  minFreeBytes: 64 * MIB,
  keepData: false,
};

export interface RunningEngine extends AsyncDisposable {
  engine: ReturnType<typeof openTorrentEngine>;
  directory: string;
  log: string[];
}

/** `directory`: of an earlier one that kept its data; it is not removed then. */
export function runEngine(settings: Partial<TorrentSettings> = {}, directory?: string): RunningEngine {
  const place = directory ?? mkdtempSync(join(tmpdir(), 'raffi-torrent-'));
  const log: string[] = [];
  const engine = openTorrentEngine({
    directory: place,
    lockDirectory,
    dhtFile: join(place, 'dht.json'),
    settings: { ...LOOPBACK, ...settings },
    log: (line) => log.push(line),
    recordChild: () => ({ forget: () => undefined }),
  });
  return {
    engine,
    directory: place,
    log,
    async [Symbol.asyncDispose]() {
      await engine[Symbol.asyncDispose]();
      if (directory === undefined) rmSync(place, { recursive: true, force: true });
    },
  };
}

/** Bytes that look random, the same for the same seed. */
export function noise(sizeBytes: number, seed = 'film'): Buffer {
  const block = Buffer.concat(
    Array.from({ length: 2048 }, (_, index) => createHash('sha256').update(`${seed} ${index}`).digest()),
  );
  const bytes = Buffer.allocUnsafe(sizeBytes);
  for (let at = 0; at < sizeBytes; at += block.length) {
    block.copy(bytes, at);
    // No two pieces are alike.
    if (at + 8 <= sizeBytes) bytes.writeDoubleBE(at, at);
  }
  return bytes;
}

/** Reads up to `bytes` bytes, and holds them against the content. */
export async function readAndCompare(
  reader: TorrentReader,
  content: Uint8Array,
  { bytes = Infinity, signal = AbortSignal.timeout(60_000) }: { bytes?: number; signal?: AbortSignal } = {},
): Promise<number> {
  let read = 0;
  const buffer = Buffer.alloc(Math.min(256 * 1024, bytes));
  while (read < bytes) {
    const at = reader.position;
    const bytesRead = await reader.read(buffer.subarray(0, bytes - read), signal);
    if (bytesRead === 0) break;
    const part = buffer.subarray(0, bytesRead);
    assert.ok(Buffer.from(content.buffer, content.byteOffset + at, bytesRead).equals(part), `bytes at ${at} are wrong`);
    read += bytesRead;
  }
  return read;
}

export async function until(what: string, isSo: () => boolean, limitMs = 30_000): Promise<void> {
  const start = performance.now();
  while (!isSo()) {
    assert.ok(performance.now() - start < limitMs, `${what} did not happen within ${limitMs} ms`);
    await delay(20);
  }
}

export function fetchedBytes({ info }: TorrentHandle): number {
  const { downloadedBytes, wastedBytes } = info.stats;
  return downloadedBytes + wastedBytes;
}

/** For an engine that others have to call. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' ? (address?.port ?? 0) : 0;
}
