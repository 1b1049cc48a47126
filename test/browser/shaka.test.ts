// Shaka Player plays the multivariant route.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { videoOf } from '../support/clips/catalogue.ts';
import { clip } from '../support/clips/clips.ts';
import { assertAllNear, assertNoFaults, assertNoHoles, FrameTally } from './expectations.ts';
import { playEnd, playStart } from './long-script.ts';
import { seekTimes } from './seek-times.ts';
import { Stage } from './stage.ts';

const NAME = 'mkv-two-audio';

let stage: Stage;
before(async () => {
  stage = await Stage.open();
});
after(() => stage[Symbol.asyncDispose]());

test('Shaka Player plays, seeks, changes the audio track and ends without an error', async (t) => {
  const { video, durationSeconds } = videoOf(NAME);
  const tally = new FrameTally(video, 1);
  const session = await stage.session({ source: await clip(NAME) });
  await using player = await stage.player();
  await player.listen();
  await player.load('shaka', `${session}/stream.m3u8`, {});
  await playStart(player, tally);
  for (const seconds of seekTimes(8, durationSeconds, 5)) tally.add(seconds, await player.seek(seconds));

  await player.seek(15);
  assertAllNear(await player.hear(2), 1000);
  await player.evaluate(
    'void player.engine.selectAudioTrack(player.engine.getAudioTracks().find((track) => track.language === "fr"))',
  );
  await player.until('player.engine.getAudioTracks().find((track) => track.active)?.language === "fr"');
  // Shaka Player loses the new track for good when a seek comes before its first segment is there.
  await player.until('player.engine.getBufferedInfo().audio.some(({ end }) => end > player.facts().currentTime)');
  await player.seek(30.3);
  assertAllNear(await player.hear(3), 500);
  assert.ok(player.requests.some((url) => url.includes('/audio-1/segment')));
  await playEnd(player, NAME);
  assertNoHoles(await player.facts());
  await assertNoFaults(player);
  t.diagnostic(`frames off: ${tally.summary()}`);
});
