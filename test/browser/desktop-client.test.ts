// What the existing desktop client does on the muxed route: resume, hard seeks, and a change of the audio track.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { videoOf } from '../support/clips/catalogue.ts';
import { clip } from '../support/clips/clips.ts';
import { CLIENT_CONFIG } from './client-config.ts';
import { assertAllNear, assertInSync, assertNoFaults, assertNoHoles, FrameTally } from './expectations.ts';
import type { PagePlayer, ShownPicture } from './page-player.ts';
import { Stage } from './stage.ts';

/** hls.js binds its clock to the first decode time it sees: after a start in the middle pictures come early by the reordering. */
const FRAMES_OFF = 3;

const NAME = 'mkv-two-audio';
const FACTS = videoOf(NAME);

let stage: Stage;
before(async () => {
  stage = await Stage.open();
});
after(() => stage[Symbol.asyncDispose]());

for (const startTime of [12.5, 31.234, 55.5]) {
  test(`A session that starts at ${startTime} is sent there, shows that time within three frames, and is in sync`, async (t) => {
    const tally = new FrameTally(FACTS.video, FRAMES_OFF);
    const session = await stage.session({ source: await clip(NAME), startTime });
    await using player = await stage.player();
    await player.load('hls', `${session}/stream/child.m3u8`, CLIENT_CONFIG);
    const [manifest] = (await player.facts()).manifests ?? [];
    assert.equal(manifest?.sliceStart, '0.000');
    assert.match(
      manifest?.url ?? '',
      new RegExp(`/stream/child\\.m3u8\\?seek=${startTime.toFixed(3)}&seek_id=auto$`, 'u'),
    );
    assert.ok(player.responses.some(({ url, status }) => url.endsWith('/stream/child.m3u8') && status === 302));

    addShown(tally, await player.shown(), startTime);
    tally.addAll((await player.play(2)).pictures);
    const worst = await soundOffset(player, 0);
    await assertNoFaults(player);
    assertNoHoles(await player.facts());
    t.diagnostic(`frames off: ${tally.summary()}; the worst beep is ${(worst * 1000).toFixed(1)} ms off`);
  });
}

test('Hard seeks reload the playlist with the time asked for, forwards and backwards, and show it within three frames', async (t) => {
  const tally = new FrameTally(FACTS.video, FRAMES_OFF);
  const session = await stage.session({ source: await clip(NAME) });
  const playlist = `${session}/stream/child.m3u8`;
  await using player = await stage.player();
  await player.load('hls', playlist, CLIENT_CONFIG);
  await player.play(1);
  for (const [index, seconds] of [40.04, 7.77, 52.345, 21.021, 59.5, 0, 33.333].entries()) {
    const shown = await player.reload(`${playlist}?seek=${seconds.toFixed(3)}&seek_id=s${index}`);
    addShown(tally, shown, seconds);
    if (seconds > 59) assert.ok((await player.playToEnd()).ended, 'the event "ended" is missing');
    else tally.addAll((await player.play(1)).pictures);
    assertNoHoles(await player.facts());
    const manifest = (await player.facts()).manifests?.at(-1);
    assert.equal(manifest?.sliceStart, '0.000');
    assert.ok(manifest?.url.includes('seek='));
  }
  // Buffered: the client seeks in place.
  tally.add(34.5, await player.seek(34.5));
  const worst = await soundOffset(player, 0);
  await assertNoFaults(player);
  t.diagnostic(`frames off: ${tally.summary()}; the worst beep is ${(worst * 1000).toFixed(1)} ms off`);
});

test('A change of the audio track resumes near the playhead in the other track', async (t) => {
  const tally = new FrameTally(FACTS.video, FRAMES_OFF);
  const session = await stage.session({ source: await clip(NAME) });
  const playlist = `${session}/stream/child.m3u8`;
  await using player = await stage.player();
  await player.listen();
  await player.load('hls', playlist, CLIENT_CONFIG);
  const seeked = performance.now();
  await player.reload(`${playlist}?seek=20.000&seek_id=before`);
  assertAllNear(await player.hear(3), 1000);
  const { at: playhead } = await player.shown();

  const status = await player.evaluate<number>(
    `fetch('${session}/audio', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"index":1}' }).then((answer) => answer.status)`,
  );
  assert.equal(status, 200);
  const elapsed = (performance.now() - seeked) / 1000;
  await player.load('hls', playlist, CLIENT_CONFIG);
  const shown = await player.shown();
  // The server counts on from the seek: it cannot know how long the player waited.
  assert.ok(
    shown.at >= playhead - 0.1 && shown.at <= 20 + elapsed + 0.1,
    `${shown.at} after ${playhead}, ${elapsed} s after the seek`,
  );
  addShown(tally, shown, shown.at);
  assertAllNear(await player.hear(3), 500);
  const worst = await soundOffset(player, 1);
  assert.ok(player.requests.some((url) => url.includes('segment-a1-')));
  await assertNoFaults(player);
  t.diagnostic(
    `frames off: ${tally.summary()}; from ${playhead} to ${shown.at}; the worst beep is ${(worst * 1000).toFixed(1)} ms off`,
  );
});

/** The playhead is where it should be, and so is the picture. */
function addShown(tally: FrameTally, shown: ShownPicture, seconds: number): void {
  assert.ok(Math.abs(shown.at - seconds) < 0.15, `the playhead is at ${shown.at} instead of ${seconds}`);
  tally.add(seconds, shown);
}

async function soundOffset(player: PagePlayer, track: number): Promise<number> {
  const { video, audio, beepEverySeconds: everySeconds } = FACTS;
  const picture = await player.shown();
  return assertInSync({ video, audio: audio[track], everySeconds, beeps: await player.appendedBeeps(), picture });
}
