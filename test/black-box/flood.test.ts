// A flood of sessions, and decompression bombs: the watched session plays on, and the machine stays usable.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { copyFile, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';

import { clip } from '../support/clips/clips.ts';
import { FaultServer } from '../support/servers/fault-server.ts';
import { childrenOf, descriptorsOf, IS_LINUX, until } from '../support/servers/server-children.ts';
import { startServer, type ServerProcess } from '../support/servers/server-process.ts';
import { bytesOf, membersOf, openSession, playlistOf, sessionInfo, type Session } from '../support/viewers/viewer.ts';

/** How long a player waits for the first byte of a segment. */
const SEGMENT_LIMIT_MS = 10_000;
const MIB = 2 ** 20;

const execute = promisify(execFile);

suite('floods and bombs', { skip: !IS_LINUX }, () => {
  const stack = new AsyncDisposableStack();
  let directory = '';
  let server: ServerProcess | undefined;
  const running = (): ServerProcess => server ?? assert.fail();

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'raffi-flood-'));
    stack.defer(() => rm(directory, { recursive: true, force: true }));
    server = stack.use(await startServer({ env: { RAFFI_SESSIONS_PER_MINUTE: '60' } }));
  });
  after(() => stack.disposeAsync());

  test('five hundred sessions at once leave the main one playing, and few processes', async () => {
    const main = await openSession(running().url, await clip('mp4-faststart'));
    const { segments } = await playlistOf(`${main.url}/original/playlist.m3u8`);
    await using slow = await FaultServer.start(await readFile(await clip('ts-start-37.5')), { bytesPerSecond: 20_000 });
    // Sources without an index: each is scanned by a process of its own.
    const scanned = await Promise.all(
      Array.from({ length: 40 }, async (_, number) => {
        const path = join(directory, `flood-${number}.ts`);
        await copyFile(await clip('ts-start-37.5'), path);
        await writeFile(path, Buffer.from([number]), { flag: 'a' });
        return path;
      }),
    );
    const statuses: number[] = [];
    const flood = Promise.all(
      Array.from({ length: 500 }, async (_, number) => {
        const source = number % 3 === 0 ? slow.url(`/${number}.ts`) : scanned[number % scanned.length];
        const headers = { 'content-type': 'application/json' };
        const reply = await fetch(`${running().url}/sessions`, {
          method: 'POST',
          headers,
          body: JSON.stringify({ source }),
        });
        await reply.arrayBuffer();
        if (reply.status === 429) assert.ok(Number(reply.headers.get('retry-after')) >= 1);
        statuses.push(reply.status);
      }),
    );
    let mostChildren = 0;
    for (const [number, segment] of segments.slice(0, 8).entries()) {
      const startedMs = performance.now();
      await bytesOf(segment.uri);
      const milliseconds = performance.now() - startedMs;
      mostChildren = Math.max(mostChildren, childrenOf(running().pid).length);
      assert.ok(milliseconds < SEGMENT_LIMIT_MS, `segment ${number} after ${milliseconds} ms`);
    }
    await flood;
    const made = statuses.filter((status) => status === 200).length;
    assert.ok(made >= 59 && made <= 90, `${made} sessions`);
    assert.ok(statuses.filter((status) => status === 429).length >= 400);
    mostChildren = Math.max(mostChildren, childrenOf(running().pid).length);
    assert.ok(mostChildren <= 8, `${mostChildren} processes`);
    const files = descriptorsOf(running().pid).filter((name) => !name.startsWith('socket:'));
    assert.ok(files.length < 250, `${files.length} files`);
    assert.ok((await residentBytes(running().pid)) < 600 * MIB);
  });

  test('films that are bombs are refused in words, and nothing falls over', async () => {
    for (const [name, bytes, sentence] of [
      ['wide.mp4', await bigPicture(), /pixels|not a media file|cannot/u],
      ['tracks.mp4', await manyTracks(3000), /tracks|not a media file|cannot/u],
    ] as const) {
      const path = join(directory, name);
      await writeFile(path, bytes);
      const session = await openWhenAllowed(running().url, path);
      const info = await sessionInfo(session);
      assert.equal(info['status'], 'error', `${name}: ${JSON.stringify(info).slice(0, 300)}`);
      assert.match(String(info['error']), sentence, name);
      assert.equal((await fetch(`${session.url}/stream.m3u8`)).status, 422);
    }
    assert.ok((await residentBytes(running().pid)) < 600 * MIB);
  });

  test('a film that takes too much memory fails in words, and others play on', async () => {
    const path = join(directory, 'huge.avi');
    const picture = [
      '-f',
      'lavfi',
      '-i',
      'color=c=gray:s=8192x8192:r=1:d=1,format=yuvj420p',
      '-c:v',
      'mjpeg',
      '-q:v',
      '31',
    ];
    await execute('ffmpeg', ['-v', 'error', ...picture, path]);
    await using small = await startServer({ env: { RAFFI_WORKER_MEMORY: '180MiB' } });
    const good = await openSession(small.url, await clip('mp4-faststart'));
    const { segments } = await playlistOf(`${good.url}/360p/playlist.m3u8`);
    const huge = await openSession(small.url, path);
    // The probe may need as much already: then the playlist is refused, else the segment.
    const playlist = await fetch(`${huge.url}/360p/playlist.m3u8`);
    const refused = playlist.ok ? fetch(`${huge.url}/360p/segment00000.m4s`) : playlist;
    const [reply, beside] = await Promise.all([refused, bytesOf(segments[0]?.uri ?? '')]);
    const { code, error, hint } = membersOf(await reply.json());
    assert.deepEqual([reply.status, code], [422, 'UNSUPPORTED_MEDIA']);
    assert.equal(error, 'This film takes more memory than a film may have, which is 180 MiB');
    assert.match(String(hint), /RAFFI_WORKER_MEMORY/u);
    for (const bytes of [beside, await bytesOf(segments[5]?.uri ?? '')]) assert.ok(bytes.length > 1000);
  });

  test('a file of zeros without end does not keep a worker busy', async () => {
    const path = join(directory, 'zeros.ts');
    await using file = await open(path, 'w');
    await file.truncate(64 * 1024 * MIB);
    const session = await openWhenAllowed(running().url, path);
    const info = await sessionInfo(session);
    assert.equal(info['status'], 'error', JSON.stringify(info));
    await fetch(`${running().url}/sessions/${session.id}`, { method: 'DELETE' });
  });

  test('the resources of the flood are freed with its sessions', async () => {
    const list: unknown = await (await fetch(`${running().url}/sessions`)).json();
    assert.ok(Array.isArray(list));
    for (const { id } of list) await fetch(`${running().url}/sessions/${String(id)}`, { method: 'DELETE' });
    await until(() => childrenOf(running().pid).length <= 4, 20_000, 'workers of the flood gone');
    assert.equal((await fetch(running().url)).status, 200);
  });
});

/** The flood has used up the caller's limit; the reply states when to retry. */
async function openWhenAllowed(serverUrl: string, source: string): Promise<Session> {
  for (;;) {
    const probe = await fetch(`${serverUrl}/sessions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ source }),
    });
    const text = await probe.text();
    if (probe.status !== 429) {
      assert.equal(probe.status, 200, text);
      const { id } = membersOf(JSON.parse(text));
      return { id: String(id), url: `${serverUrl}/sessions/${String(id)}` };
    }
    await delay(Number(probe.headers.get('retry-after')) * 1000);
  }
}

async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/mu.exec(status)?.[1]) * 1024;
}

/** An MP4 that states a video size of 65 535 x 65 535. */
async function bigPicture(): Promise<Buffer> {
  const film = await readFile(await clip('mp4-faststart'));
  film.fill(0xff, film.indexOf('avc1', film.indexOf('stsd')) + 28, film.indexOf('avc1', film.indexOf('stsd')) + 32);
  return film;
}

/** An MP4 with many copies of its audio track. */
async function manyTracks(count: number): Promise<Buffer> {
  const film = await readFile(await clip('mp4-moov-last'));
  const moov = film.lastIndexOf('moov') - 4;
  const size = film.readUInt32BE(moov);
  let track = Buffer.alloc(0);
  for (let at = moov + 8; at < moov + size; at += film.readUInt32BE(at)) {
    if (film.toString('latin1', at + 4, at + 8) === 'trak') track = film.subarray(at, at + film.readUInt32BE(at));
  }
  const copies = Buffer.concat(new Array<Buffer>(count).fill(track));
  const head = Buffer.from(film.subarray(moov, moov + size));
  head.writeUInt32BE(size + copies.length, 0);
  return Buffer.concat([film.subarray(0, moov), head, copies]);
}
