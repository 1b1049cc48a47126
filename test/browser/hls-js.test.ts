// hls.js plays films on both routes: seeks, changes of sound and of quality, the end.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { videoOf, type ClipName } from '../support/clips/catalogue.ts';
import { clip } from '../support/clips/clips.ts';
import { CLIENT_CONFIG } from './client-config.ts';
import { assertAllNear, assertInSync, assertNoFaults, FrameTally } from './expectations.ts';
import { playEnd, playStart, seekAround } from './long-script.ts';
import type { PagePlayer } from './page-player.ts';
import { Stage } from './stage.ts';

const FILMS: ClipName[] = ['mp4-faststart', 'mkv-two-audio'];
/** What is fetched before the change must not be the whole film. */
const SHORT_BUFFER = { maxBufferLength: 10, maxMaxBufferLength: 10 };
const VIDEO_SEGMENT = /\/(?:original|\d+p)\/segment\d+\.m4s$/u;

let stage: Stage;
before(async () => {
  stage = await Stage.open();
});
after(() => stage[Symbol.asyncDispose]());

for (const name of FILMS) {
  for (const route of ['stream/child.m3u8', 'stream.m3u8']) {
    test(`${route} of ${name} plays, is exact to the frame after 20 seeks, and ends`, async (t) => {
      const tally = new FrameTally(videoOf(name).video, 1);
      const session = await stage.session({ source: await clip(name) });
      await using player = await stage.player();
      const quality = route === 'stream.m3u8' ? { quality: 'original' } : {};
      await player.load('hls', `${session}/${route}`, { ...CLIENT_CONFIG, ...quality });
      await playStart(player, tally);
      await seekAround(player, tally, name);
      const worst = await soundOffset(player, name, 0);
      await playEnd(player, name);
      await assertNoFaults(player);
      t.diagnostic(`frames off: ${tally.summary()}; the worst beep is ${(worst * 1000).toFixed(1)} ms off`);
    });
  }
}

test('A change of the audio track plays on in the other track and fetches no picture again', async (t) => {
  const name = 'mkv-two-audio';
  const tally = new FrameTally(videoOf(name).video, 1);
  const session = await stage.session({ source: await clip(name) });
  await using player = await stage.player();
  await player.listen();
  await player.load('hls', `${session}/stream.m3u8`, { ...CLIENT_CONFIG, ...SHORT_BUFFER, quality: 'original' });
  await player.seek(6);
  assertAllNear(await player.hear(2), 1000);
  const fetched = new Set(player.requests.filter((url) => VIDEO_SEGMENT.test(url)));
  const asked = player.requests.length;

  await player.forgetSound();
  await player.evaluate('void (player.engine.audioTrack = 1)');
  await player.until('player.engine.audioTrack === 1');
  // Chromium's live sound is listened to after a seek only: changed while it plays, it sometimes stays silent until then.
  tally.addAll((await player.play(6)).pictures);
  const since = player.requests.slice(asked);
  assert.ok(since.some((url) => url.includes('/audio-1/segment')));
  assert.deepEqual(
    since.filter((url) => fetched.has(url)),
    [],
  );

  const worst = await soundOffset(player, name, 1);
  tally.add(41.3, await player.seek(41.3));
  assertAllNear(await player.hear(2), 500);
  await playEnd(player, name);
  await assertNoFaults(player);
  t.diagnostic(`frames off: ${tally.summary()}; the worst beep is ${(worst * 1000).toFixed(1)} ms off`);
});

test('A change of quality, at once or with the next segment, shows the right frames and has no gap', async (t) => {
  const name = 'mp4-faststart';
  const tally = new FrameTally(videoOf(name).video, 1);
  const session = await stage.session({ source: await clip(name) });
  await using player = await stage.player();
  await player.load('hls', `${session}/stream.m3u8`, { ...CLIENT_CONFIG, quality: 'original' });
  await playStart(player, tally);
  for (const [property, variant] of [
    ['currentLevel', '360p'],
    ['nextLevel', 'original'],
    ['nextLevel', '360p'],
  ]) {
    const asked = player.requests.length;
    await player.evaluate(`void (player.engine.${property} = player.levelOf('${variant}'))`);
    await player.until(`player.engine.loadLevel === player.levelOf('${variant}') && player.facts().readyState >= 3`);
    tally.addAll((await player.play(3)).pictures);
    const { at } = await player.shown();
    tally.add(at + 12.2, await player.seek(at + 12.2));
    tally.add(at + 3.3, await player.seek(at + 3.3));
    assert.ok(
      player.requests.slice(asked).some((url) => url.includes(`/${variant}/segment`)),
      `${variant} was not fetched`,
    );
  }
  await player.evaluate('void (player.engine.currentLevel = -1)');
  await playEnd(player, name);
  await assertNoFaults(player);
  t.diagnostic(`frames off: ${tally.summary()}`);
});

/** Seconds the worst of the beeps appended so far is off the picture. */
async function soundOffset(player: PagePlayer, name: ClipName, track: number): Promise<number> {
  const { video, audio, beepEverySeconds } = videoOf(name);
  const picture = await player.shown();
  const beeps = await player.appendedBeeps();
  return assertInSync({ video, audio: audio[track], everySeconds: beepEverySeconds, beeps, picture });
}
