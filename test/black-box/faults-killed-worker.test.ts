// Workers that are killed or stopped within a segment: the viewer's request still gets the right bytes, and never a partial segment.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { clip } from '../support/clips/clips.ts';
import { FaultServer } from '../support/servers/fault-server.ts';
import { filesBelow, markedFilm } from '../support/judges/copied-bytes.ts';
import { childrenOf, encodersOf, IS_LINUX, signalAll, until } from '../support/servers/server-children.ts';
import { startServer, type ServerProcess } from '../support/servers/server-process.ts';
import { bytesOf, openSession, playlistOf } from '../support/viewers/viewer.ts';

/** The compared renditions, and the number of their first segments. */
const RENDITIONS = [
  ['original/playlist.m3u8', 8],
  ['stream/child.m3u8', 8],
  ['360p/playlist.m3u8', 6],
] as const;

type RenditionUri = (typeof RENDITIONS)[number][0];

suite('workers killed in mid-segment', { skip: !IS_LINUX }, () => {
  const stack = new AsyncDisposableStack();
  const wanted = new Map<RenditionUri, Buffer[]>();
  let server: ServerProcess | undefined;
  let film = '';
  const running = (): ServerProcess => server ?? assert.fail();

  async function segmentUris(uri: RenditionUri): Promise<string[]> {
    const session = await openSession(running().url, film);
    return (await playlistOf(`${session.url}/${uri}`)).segments.map((segment) => segment.uri);
  }

  before(async () => {
    film = await clip('mp4-moov-last');
    server = stack.use(await startServer());
    await using undisturbed = await startServer();
    const session = await openSession(undisturbed.url, film);
    for (const [uri, count] of RENDITIONS) {
      const { segments } = await playlistOf(`${session.url}/${uri}`);
      const bytes: Buffer[] = [];
      for (const segment of segments.slice(0, count)) bytes.push(await bytesOf(segment.uri));
      wanted.set(uri, bytes);
    }
  });
  after(() => stack.disposeAsync());

  for (const [uri, counts] of [
    ['original/playlist.m3u8', [0, 3, 6]],
    ['stream/child.m3u8', [1, 4, 7]],
  ] as const) {
    test(`every worker killed at some moment of a copied segment of ${uri} costs the viewer nothing but time`, async () => {
      const uris = await segmentUris(uri);
      for (const [round, number] of counts.entries()) {
        const reply = bytesOf(uris[number] ?? '');
        await delay(4 * round);
        signalAll(childrenOf(running().pid), 'SIGKILL');
        assert.ok((await reply).equals(wanted.get(uri)?.[number] ?? Buffer.alloc(0)), `segment ${number}`);
      }
    });
  }

  test('a worker killed while it waits for remote bytes is replaced, and the bytes are the same', async () => {
    await using remote = await FaultServer.start(await markedFilm('killed'));
    const session = await openSession(running().url, remote.url());
    const { segments } = await playlistOf(`${session.url}/original/playlist.m3u8`);
    remote.faults = { bytesPerSecond: 100_000 };
    const reply = bytesOf(segments[5]?.uri ?? '');
    await until(() => remote.active > 0, 5000, 'the source is being read');
    await delay(300);
    signalAll(childrenOf(running().pid), 'SIGKILL');
    remote.faults = {};
    assert.ok((await reply).equals(wanted.get('original/playlist.m3u8')?.[5] ?? Buffer.alloc(0)));
  });

  test('an encoder killed in mid-segment is started again, and the bytes are the same', async () => {
    const uris = await segmentUris('360p/playlist.m3u8');
    for (const number of [1, 4]) {
      const reply = bytesOf(uris[number] ?? '');
      await until(() => encodersOf(running().pid).length > 0, 10_000, 'an encoder works');
      await delay(20 * number);
      signalAll(encodersOf(running().pid), 'SIGKILL');
      assert.ok(
        (await reply).equals(wanted.get('360p/playlist.m3u8')?.[number] ?? Buffer.alloc(0)),
        `segment ${number}`,
      );
    }
  });

  test('workers that hang are noticed and replaced, and the same requests succeed', async () => {
    const copied = await segmentUris('original/playlist.m3u8');
    const encoded = await segmentUris('360p/playlist.m3u8');
    signalAll(childrenOf(running().pid), 'SIGSTOP');
    const beforeMs = performance.now();
    const replies = [bytesOf(copied[2] ?? ''), bytesOf(encoded[5] ?? '')] as const;
    const [copy, encode] = await Promise.all(replies);
    assert.ok(copy.equals(wanted.get('original/playlist.m3u8')?.[2] ?? Buffer.alloc(0)));
    assert.ok(encode.equals(wanted.get('360p/playlist.m3u8')?.[5] ?? Buffer.alloc(0)));
    assert.ok(performance.now() - beforeMs < 60_000, `${performance.now() - beforeMs} ms`);
  });

  test('a worker that dies over a segment again and again ends in a sentence, and later the segment can be had', async () => {
    const uris = await segmentUris('360p/playlist.m3u8');
    const ended = new AbortController();
    const killing = killEncoders(running().pid, ended.signal);
    const reply = await fetch(uris[20] ?? '');
    const body = await reply.text();
    ended.abort();
    await killing;
    assert.equal(reply.status, 500, body);
    assert.deepEqual(JSON.parse(body), { error: 'The media library failed on this source', code: 'WORKER_LOST' });
    await until(async () => (await fetch(uris[20] ?? '')).status === 200, 20_000, 'it can be had again');
  });

  test('no draft is left, and every stored segment is complete', async () => {
    const directory = join(running().home.tmp, 'raffi');
    const files = () => filesBelow(directory);
    await until(
      async () => !(await files()).some((path) => /drafts|\.tmp$|\.partial$/u.test(path)),
      20_000,
      'no drafts',
    );
    const segments = (await files()).filter((path) => /\.(?:m4s|ts)$/u.test(path));
    assert.ok(segments.length >= 15, `${segments.length}`);
    const known = new Set([...wanted.values()].flat().map(digest));
    let compared = 0;
    for (const path of segments) {
      const bytes = await readFile(path);
      assert.ok(path.endsWith('.ts') ? isWholeStream(bytes) : isWholeBoxes(bytes), path);
      if (known.has(digest(bytes))) compared += 1;
    }
    assert.ok(compared >= 11, `${compared} of ${segments.length} are segments of the undisturbed run`);
    assert.match(running().output(), /ended by itself \(signal SIGKILL\)/u);
  });
});

async function killEncoders(serverPid: number, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    signalAll(encodersOf(serverPid), 'SIGKILL');
    await delay(5);
  }
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function isWholeBoxes(bytes: Buffer): boolean {
  let at = 0;
  while (at + 8 <= bytes.length) at += Math.max(8, bytes.readUInt32BE(at));
  return bytes.length > 0 && at === bytes.length;
}

function isWholeStream(bytes: Buffer): boolean {
  return bytes.length > 0 && bytes.length % 188 === 0 && bytes[bytes.length - 188] === 0x47;
}
