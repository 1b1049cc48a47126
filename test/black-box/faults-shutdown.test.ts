// The end of a server at work, by a signal or a kill: fast and complete, and the next server takes over.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { copyFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { clip } from '../support/clips/clips.ts';
import { FaultServer, type Faults } from '../support/servers/fault-server.ts';
import { markedFilm } from '../support/judges/copied-bytes.ts';
import {
  childrenOf,
  encodersOf,
  IS_LINUX,
  isRunning,
  signalAll,
  until,
  type ChildProcessFacts,
} from '../support/servers/server-children.ts';
import { serverHome, startServer, type ServerHome, type ServerProcess } from '../support/servers/server-process.ts';
import { bytesOf, openSession, playlistOf, type Session } from '../support/viewers/viewer.ts';

/** Sessions of separate sources (copies with different dates), each with a pending request for an encoded segment. */
async function encodings(
  server: ServerProcess,
  count: number,
): Promise<{ sessions: Session[]; broken: Promise<unknown> }> {
  const film = await clip('long-looped-1080p');
  const sessions: Session[] = [];
  const requests: Promise<unknown>[] = [];
  for (let number = 0; number < count; number += 1) {
    const path = join(server.home.tmp, `film-${number}.mp4`);
    if (!existsSync(path)) await copyFile(film, path);
    const session = await openSession(server.url, path);
    const { segments } = await playlistOf(`${session.url}/360p/playlist.m3u8`);
    requests.push(bytesOf(segments[5 + number]?.uri ?? '').catch(() => undefined));
    sessions.push(session);
  }
  await until(() => encodersOf(server.pid).length >= 2, 20_000, 'encoders work');
  return { sessions, broken: Promise.all(requests) };
}

async function endedWhileEncoding(home: ServerHome, signals: number): Promise<number> {
  await using server = await startServer({ home });
  const { broken } = await encodings(server, 5);
  const children = childrenOf(server.pid);
  for (let count = 1; count < signals; count += 1) server.child.kill('SIGTERM');
  const { code, milliseconds } = await server.end('SIGTERM');
  assert.equal(code, 0);
  assert.equal(existsSync(join(home.tmp, 'raffi')), false, 'the directory has gone');
  await assertGone(children, 500);
  await broken;
  return milliseconds;
}

/** Slow enough that the source is not read completely before it stalls. */
const SLOW: Faults = { bytesPerSecond: 4 * 2 ** 20 };
const STALLED: Faults = { bytesPerSecond: 1000, delayMs: 60_000 };

async function endedWhileStalled(home: ServerHome, remote: FaultServer): Promise<number> {
  await using server = await startServer({ home });
  remote.faults = SLOW;
  const session = await openSession(server.url, remote.url());
  const { segments } = await playlistOf(`${session.url}/original/playlist.m3u8`);
  remote.faults = STALLED;
  const broken = Promise.all(segments.slice(-4, -1).map(({ uri }) => fetch(uri).catch(() => undefined)));
  await until(() => remote.active > 0, 5000, 'the film is being read');
  await delay(500);
  const children = childrenOf(server.pid);
  const { code, milliseconds } = await server.end('SIGTERM');
  assert.equal(code, 0);
  assert.equal(existsSync(join(home.tmp, 'raffi')), false, 'the directory has gone');
  await assertGone(children, 0);
  await broken;
  return milliseconds;
}

suite('the end in the middle of work', { skip: !IS_LINUX }, () => {
  for (const [what, signals] of [
    ['SIGTERM', 1],
    ['SIGTERM three times', 3],
  ] as const) {
    test(`${what} during five encodings: code 0 within a second, no process and no directory left`, async () => {
      await using home = await serverHome();
      let milliseconds = await endedWhileEncoding(home, signals);
      // A second attempt, for a machine that was busy with something else.
      if (milliseconds >= 1000) milliseconds = await endedWhileEncoding(home, signals);
      assert.ok(milliseconds < 1000, `${milliseconds} ms`);
    });
  }

  test('SIGTERM during three copies of a film that stalls: code 0 within a second, no process left', async () => {
    await using home = await serverHome();
    await using remote = await FaultServer.start(await markedFilm('stalled'), SLOW);
    let milliseconds = await endedWhileStalled(home, remote);
    // A second attempt, for a machine that was busy with something else.
    if (milliseconds >= 1000) milliseconds = await endedWhileStalled(home, remote);
    assert.ok(milliseconds < 1000, `${milliseconds} ms`);
  });

  test('a killed server takes its workers with it, and the next one serves its viewers', async () => {
    await using home = await serverHome();
    const first = await startServer({ home });
    const { sessions, broken } = await encodings(first, 2);
    const session = sessions[0] ?? assert.fail();
    const playlist = await playlistOf(`${session.url}/original/playlist.m3u8`);
    const wanted = await bytesOf(playlist.segments[3]?.uri ?? '');
    const init = await bytesOf(playlist.initUri ?? '');
    const children = childrenOf(first.pid);
    assert.ok(children.length >= 4, `${children.length}`);
    await first.end('SIGKILL');
    await broken;
    await assertGone(children, 3000);

    await using second = await startServer({ home });
    const moved = (uri: string) => new URL(new URL(uri).pathname, second.url).href;
    assert.ok((await bytesOf(moved(playlist.segments[3]?.uri ?? ''))).equals(wanted));
    assert.ok((await bytesOf(moved(playlist.initUri ?? ''))).equals(init));
    assert.equal((await playlistOf(moved(playlist.url))).text, playlist.text);
    await until(async () => (await readdir(join(home.tmp, 'raffi'))).length === 1, 5000, 'the old directory has gone');
  });

  test('workers that a killed server left hanging are ended by the next one', async () => {
    await using home = await serverHome();
    const first = await startServer({ home });
    const { broken } = await encodings(first, 2);
    const children = childrenOf(first.pid);
    signalAll(children, 'SIGSTOP');
    await first.end('SIGKILL');
    await broken;
    assert.ok(children.every(isRunning), 'they cannot end by themselves');
    await using second = await startServer({ home });
    await assertGone(children, 5000);
    assert.equal((await fetch(second.url)).status, 200);
  });
});

async function assertGone(children: readonly ChildProcessFacts[], limitMs: number): Promise<void> {
  try {
    await until(() => !children.some(isRunning), limitMs, 'every worker has ended');
  } finally {
    signalAll(children.filter(isRunning), 'SIGKILL');
  }
}
