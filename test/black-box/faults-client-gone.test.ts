// Clients that disconnect: the work for them ends and leaves nothing behind.
import assert from 'node:assert/strict';
import { get } from 'node:http';
import { after, before, suite, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { clip } from '../support/clips/clips.ts';
import { inPool } from '../support/viewers/in-pool.ts';
import {
  childrenOf,
  descriptorsOf,
  encodersOf,
  isDoomed,
  IS_LINUX,
  until,
} from '../support/servers/server-children.ts';
import { startServer, type ServerProcess } from '../support/servers/server-process.ts';
import { bytesOf, openSession, playlistOf, type Session } from '../support/viewers/viewer.ts';

const ENCODER_IDLE_MS = 2000;

suite('clients that leave', { skip: !IS_LINUX }, () => {
  const stack = new AsyncDisposableStack();
  let server: ServerProcess | undefined;
  let film = '';
  const running = (): ServerProcess => server ?? assert.fail();

  before(async () => {
    film = await clip('long-looped-1080p');
    server = stack.use(await startServer({ env: { RAFFI_ENCODER_IDLE: `${ENCODER_IDLE_MS}ms` } }));
  });
  after(() => stack.disposeAsync());

  async function segmentUris(session: Session, rendition: string): Promise<string[]> {
    return (await playlistOf(`${session.url}/${rendition}`)).segments.map(({ uri }) => uri);
  }

  /** Waits until the server is idle; returns its number of open descriptors. */
  async function calm(): Promise<number> {
    const { pid } = running();
    await until(() => encodersOf(pid).length === 0, ENCODER_IDLE_MS + 20_000, 'no encoder is left');
    await until(() => childrenOf(pid).length <= WARM_WORKERS, 20_000, 'only the workers that are kept are left');
    await until(() => sockets(pid) <= SOCKETS, 20_000, 'the connections are closed');
    await until(async () => (await gauge(running().url, 'raffi_segments_pending')) === 0, 20_000, 'nothing is pending');
    return descriptorsOf(pid).length;
  }

  test('a hundred requests aborted within a segment leave no process, no file and no connection', async () => {
    const session = await openSession(running().url, film);
    const renditions = ['original/playlist.m3u8', '360p/playlist.m3u8', 'stream/child.m3u8', 'audio-0/playlist.m3u8'];
    const uris = await Promise.all(renditions.map((rendition) => segmentUris(session, rendition)));
    await Promise.all(uris.map((list) => bytesOf(list[0] ?? '')));
    const filesBefore = await calm();
    await inPool(Array.from({ length: 100 }).keys(), 8, async (count) => {
      const list = uris[count % uris.length] ?? [];
      await brokenOff(list[(count * 7919) % list.length] ?? '', (count * 37) % 120);
    });
    const filesAfter = await calm();
    assert.ok(filesAfter <= filesBefore + 4, `${filesBefore} -> ${filesAfter} descriptors`);
    assert.ok((await bytesOf(uris[0]?.[3] ?? '')).length > 1000);
  });

  test('fifty seeks in five seconds never have more than one encoder at work for the viewer', async () => {
    const session = await openSession(running().url, film);
    const uris = await segmentUris(session, '360p/playlist.m3u8');
    await calm();
    const ended = new AbortController();
    const seen = encodersSeen(running(), ended.signal);
    const waiting: Promise<void>[] = [];
    for (let count = 0; count < 50; count += 1) {
      const uri = uris[(count * 17 + 5) % uris.length] ?? '';
      // Players abort the old request at once or a little later.
      waiting.push(brokenOff(uri, count % 2 === 0 ? 90 : 160));
      await delay(100);
    }
    await Promise.all(waiting);
    const last = uris[uris.length - 2] ?? '';
    assert.ok((await bytesOf(last)).length > 1000, 'the last seek is served');
    ended.abort();
    const { most, samples, runs } = await seen;
    assert.ok(samples > 30, `${samples}`);
    assert.deepEqual({ most, runs }, { most: 1, runs: 1 });
    await calm();
  });

  test('the end of a session ends its encoder at once', async () => {
    await using patient = await startServer();
    const session = await openSession(patient.url, film);
    const uris = await segmentUris(session, '360p/playlist.m3u8');
    await bytesOf(uris[4] ?? '');
    assert.equal(encodersOf(patient.pid).length, 1);
    assert.equal((await fetch(session.url, { method: 'DELETE' })).status, 204);
    await until(() => encodersOf(patient.pid).length === 0, 3000, 'its encoder has ended');
  });

  test('after these faults the server still plays', async () => {
    const session = await openSession(running().url, film);
    const uris = await segmentUris(session, '360p/playlist.m3u8');
    assert.ok((await bytesOf(uris[9] ?? '')).length > 1000);
  });
});

/** Two workers for short jobs, and a spare. */
const WARM_WORKERS = 3;
/** The listening sockets, the endpoint's, and a few that fetch keeps for the next request. */
const SOCKETS = 24;

/** Sends a request over its own connection, and destroys it after `ms`, or at the first bytes that arrive later. */
async function brokenOff(uri: string, ms: number): Promise<void> {
  const request = get(uri, { agent: false });
  const closed = new Promise<void>((resolve) => request.once('close', resolve));
  request.on('error', () => undefined);
  request.on('response', (response) => response.on('error', () => undefined).once('data', () => response.pause()));
  await delay(ms);
  request.destroy();
  await closed;
}

interface Seen {
  /** Maximum of concurrent processes, without those that were killed or ended within 60 ms. */
  most: number;
  /** By the server's metrics. */
  runs: number;
  samples: number;
}

async function encodersSeen({ pid, url }: ServerProcess, signal: AbortSignal): Promise<Seen> {
  const seen = { most: 0, runs: 0, samples: 0 };
  while (!signal.aborted) {
    const first = new Set(encodersOf(pid).map((each) => each.pid));
    seen.runs = Math.max(seen.runs, await gauge(url, 'raffi_encoders'));
    await delay(60);
    const lasting = encodersOf(pid).filter((each) => first.has(each.pid) && !isDoomed(each.pid));
    seen.most = Math.max(seen.most, lasting.length);
    seen.samples += 1;
  }
  return seen;
}

function sockets(pid: number): number {
  return descriptorsOf(pid).filter((path) => path.startsWith('socket:')).length;
}

async function gauge(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const value = new RegExp(`^${name} (\\S+)$`, 'mu').exec(text)?.[1];
  assert.ok(value !== undefined, name);
  return Number(value);
}
