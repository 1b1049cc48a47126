// The exactness checks for a list of clips, on two servers that start empty: separate processes, caches and request orders.
import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { CLIPS, type ClipName } from '../clips/catalogue.ts';
import {
  checkAudioRendition,
  checkForeignPlayer,
  checkMuxed,
  checkPlaylist,
  checkVideoRendition,
  frameSeconds,
} from '../judges/exact-checks.ts';
import { ExactClip } from '../judges/exact-clip.ts';
import { startServer } from '../servers/server-process.ts';
import { bytesOf, multivariantOf, openSession, playlistOf } from '../viewers/viewer.ts';

export function exactSuite(names: readonly ClipName[]): void {
  const stack = new AsyncDisposableStack();
  let urls: readonly [string, string] = ['', ''];
  before(async () => {
    const servers = [stack.use(await startServer()), stack.use(await startServer())] as const;
    urls = [servers[0].url, servers[1].url];
  });
  after(() => stack.disposeAsync());
  for (const name of names) suite(name, () => clipSuite(name, () => urls));
}

function clipSuite(name: ClipName, urls: () => readonly [string, string]): void {
  const facts = CLIPS[name];
  assert.ok(facts.verdict === 'plays');
  let opened: Promise<ExactClip> | undefined;
  const clip = (): Promise<ExactClip> => (opened ??= ExactClip.open(name, urls()));
  after(async () => (await opened)?.[Symbol.asyncDispose]());

  test('is whole in its first answer, the same for every session', async () => checkWhole(await clip(), urls()[0]));
  if (facts.video !== undefined) {
    test('has the same pictures in every variant, at exact times', async () => {
      const exact = await clip();
      assert.ok(exact.videoNames.length > 0);
      for (const variant of exact.videoNames) await checkVideoRendition(exact, variant);
    });
  }
  for (const index of facts.audio.keys()) {
    test(`has the sound of track ${index} without a gap, in step with the picture`, async (t) => {
      await checkAudioRendition(t, await clip(), index);
    });
  }
  test('is exact as one muxed stream', async (t) => checkMuxed(t, await clip()));
  test('plays in ffmpeg without a word, by both playlists', async () => {
    await checkForeignPlayer(await clip(), 'stream.m3u8');
    await checkForeignPlayer(await clip(), 'stream/child.m3u8');
  });
}

async function checkWhole(exact: ExactClip, serverUrl: string): Promise<void> {
  const other = await openSession(serverUrl, exact.path);
  assert.equal((await multivariantOf(other)).text, exact.multivariant.text);
  const renditions = [...exact.videoNames, ...exact.audioNames].map((each) => `${each}/playlist.m3u8`);
  const targets = new Set<number>();
  for (const uri of [...renditions, 'stream/child.m3u8']) {
    const playlist = await playlistOf(`${exact.sessions[0].url}/${uri}`);
    checkPlaylist(playlist, { seconds: exact.facts.durationSeconds, frameSeconds: frameSeconds(exact.facts) });
    targets.add(playlist.targetDuration);
    const again = await playlistOf(`${other.url}/${uri}`);
    assert.equal(again.text, playlist.text);
    const [mine, theirs] = [playlist.segments.at(-1)?.uri ?? '', again.segments.at(-1)?.uri ?? ''];
    assert.notEqual(mine, theirs);
    assert.ok((await bytesOf(mine)).equals(await bytesOf(theirs)), uri);
  }
  assert.equal(targets.size, 1, `target durations ${[...targets].join()}`);
}
