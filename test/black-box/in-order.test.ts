// Servers that send a source only from its start, at about playback speed: it starts early and plays to its end.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, suite, test } from 'node:test';

import { clip } from '../support/clips/clips.ts';
import { packetsOf } from '../support/judges/probe.ts';
import { FaultServer, type Faults } from '../support/servers/fault-server.ts';
import { startServer, type ServerProcess } from '../support/servers/server-process.ts';
import { bytesOf, openSession, playlistOf, sessionInfo } from '../support/viewers/viewer.ts';

const FILM_FRAMES = 1440;
const FILM_SECONDS = 60;

suite('servers that only send a film from its start', { concurrency: 3 }, () => {
  const stack = new AsyncDisposableStack();
  let server: ServerProcess | undefined;
  const url = (): string => server?.url ?? assert.fail();

  before(async () => {
    server = stack.use(await startServer());
  });
  after(() => stack.disposeAsync());

  for (const [what, name, faults] of [
    ['a Matroska film with its index at its end', 'mkv-two-audio', {}],
    ['the same without a length', 'mkv-two-audio', { length: false }],
    ['an MP4 film with its index in front', 'mp4-faststart', {}],
  ] as const satisfies readonly (readonly [string, 'mkv-two-audio' | 'mp4-faststart', Faults])[]) {
    test(`${what} begins before a quarter of it has come, and plays to its end`, async () => {
      const film = await readFile(await clip(name));
      const bytesPerSecond = Math.round((4 * film.length) / FILM_SECONDS);
      await using remote = await FaultServer.start(film, { ranges: false, bytesPerSecond, ...faults });
      const session = await openSession(url(), remote.url(`/${name}`));
      const { segments } = await playlistOf(`${session.url}/stream/child.m3u8`);
      const parts = [await bytesOf(segments[0]?.uri ?? '')];
      assert.ok(remote.bytesSent < film.length / 4, `${remote.bytesSent} of ${film.length}`);
      assert.equal((await sessionInfo(session))['canSeek'], false);
      for (const { uri } of segments.slice(1)) parts.push(await bytesOf(uri));
      await assertFrames(parts, FILM_FRAMES);
      const asked = remote.requests.length;
      // Back to the start, then to the end again: both without a request to the source.
      assert.ok((await bytesOf(segments[1]?.uri ?? '')).equals(parts[1] ?? Buffer.alloc(0)));
      assert.equal(remote.requests.length, asked);
      // One request for playback, and one that detected that the server has no ranges.
      assert.ok(asked <= 2, `${asked} requests`);
    });
  }

  test('a position ahead waits for the download, and an earlier one plays after that', async () => {
    const film = await readFile(await clip('mkv-two-audio'));
    const bytesPerSecond = Math.round((8 * film.length) / FILM_SECONDS);
    await using remote = await FaultServer.start(film, { ranges: false, bytesPerSecond, etag: '"ahead"' });
    const session = await openSession(url(), remote.url('/ahead'));
    const { segments } = await playlistOf(`${session.url}/stream/child.m3u8`);
    const ahead = Math.floor(segments.length / 2);
    for (const number of [ahead, 1, ahead + 1]) {
      const bytes = await bytesOf(segments[number]?.uri ?? '');
      await assertFrames([bytes], Math.round((segments[number]?.seconds ?? 0) * (24_000 / 1001)));
    }
  });
});

async function assertFrames(segments: Buffer[], wanted: number): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'raffi-in-order-'));
  try {
    const path = join(directory, 'played.ts');
    await writeFile(path, Buffer.concat(segments));
    const frames = (await packetsOf(path, 'v:0')).length;
    assert.ok(Math.abs(frames - wanted) <= 1, `${frames} frames instead of ${wanted}`);
  } finally {
    await rm(directory, { recursive: true });
  }
}
