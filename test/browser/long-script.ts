// The long script of a clip: start, twenty seeks with play between them, the last second, the end.
import assert from 'node:assert/strict';

import { videoOf, type ClipName } from '../support/clips/catalogue.ts';
import { assertNoHoles, type FrameTally } from './expectations.ts';
import type { PagePlayer } from './page-player.ts';
import { seekTimes } from './seek-times.ts';

const SEEKS = 20;
const SEED = 20_240_607;
/** After each so many seeks it plays on for a moment. */
const PLAY_AFTER = 4;

/** From 0: the first seconds in real time, in one buffered range. */
export async function playStart(player: PagePlayer, tally: FrameTally): Promise<void> {
  tally.add(0, await player.shown());
  const played = await player.play(4);
  assert.ok(played.pictures.length > 10, `only ${played.pictures.length} pictures in 4 s`);
  tally.addAll(played.pictures);
  const { buffered } = await player.facts();
  assert.equal(buffered.length, 1, JSON.stringify(buffered));
}

/** Seeks anywhere, backwards and into the last second too. */
export async function seekAround(player: PagePlayer, tally: FrameTally, clip: ClipName): Promise<void> {
  const { durationSeconds } = videoOf(clip);
  for (const [index, seconds] of seekTimes(SEEKS, durationSeconds, SEED).entries()) {
    const shown = await player.seek(seconds);
    assert.ok(Math.abs(shown.at - seconds) < 0.001, `the playhead is at ${shown.at} instead of ${seconds}`);
    tally.add(seconds, shown);
    assertNoHoles(await player.facts());
    if (index % PLAY_AFTER !== 0) continue;
    tally.addAll((await player.play(0.7)).pictures);
  }
}

export async function playEnd(player: PagePlayer, clip: ClipName): Promise<void> {
  const { durationSeconds } = videoOf(clip);
  await player.seek(durationSeconds - 1);
  const played = await player.playToEnd();
  assert.ok(played.ended, 'the event "ended" is missing');
  assert.ok(Math.abs(played.at - durationSeconds) < 0.1, `ended at ${played.at}`);
  assertNoHoles(await player.facts());
}
