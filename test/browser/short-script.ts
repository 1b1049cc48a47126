// The short script every clip is put through: from the start to the end in one go, six seeks, the end again.
import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';

import { videoOf, type ClipName } from '../support/clips/catalogue.ts';
import { clip } from '../support/clips/clips.ts';
import { CLIENT_CONFIG } from './client-config.ts';
import { assertInSync, assertNoFaults, assertNoHoles, assertOneRange, FrameTally } from './expectations.ts';
import { seekTimes } from './seek-times.ts';
import { Stage } from './stage.ts';

const SEEKS = 6;
/** Fast enough to see every join of a clip, slow enough for two busy cores to show most frames. */
const PLAY_RATE = 4;

/** Copied and encoded, with B-frames and without, from every container. */
export const EVERYDAY_CLIPS: ClipName[] = [
  'vfr',
  'avi-mpeg4-bframes',
  'ts-wrap',
  'webm-vp9-opus',
  'late-audio-mkv',
  'interlaced-ts',
];
/** Their kin. */
export const OTHER_CLIPS: ClipName[] = [
  'h264-open-gop',
  'mkv-start-37.5',
  'ts-start-37.5',
  'late-audio-mp4',
  'interlaced-mp4',
];

interface ShortScript {
  clip: ClipName;
  route: 'multivariant' | 'muxed';
  /** The only variant to play; undefined for the muxed route. */
  quality?: string;
}

/** Defines a test of each clip on a route, with one stage for all. */
export function shortScripts(clips: readonly ClipName[], route: ShortScript['route']): void {
  let stage: Stage;
  before(async () => {
    stage = await Stage.open();
  });
  after(() => stage[Symbol.asyncDispose]());

  for (const name of clips) {
    if (route === 'muxed') {
      test(`The muxed route plays ${name} from start to end, shows the frame asked for, and has no gap`, async (t) => {
        await playShortScript(t, stage, { clip: name, route });
      });
      continue;
    }
    const { video } = videoOf(name);
    const quality = video.copyable && !video.openGop ? 'original' : `${video.height}p`;
    test(`The variant ${quality} of ${name} plays from start to end, shows the frame asked for, and has no gap`, async (t) => {
      await playShortScript(t, stage, { clip: name, route, quality });
    });
  }
}

async function playShortScript(t: TestContext, stage: Stage, script: ShortScript): Promise<void> {
  const facts = videoOf(script.clip);
  const { video, durationSeconds } = facts;
  const session = await stage.session({ source: await clip(script.clip) });
  await using player = await stage.player();
  const path = script.route === 'muxed' ? 'stream/child.m3u8' : 'stream.m3u8';
  await player.load('hls', `${session}/${path}`, { ...CLIENT_CONFIG, quality: script.quality });

  const tally = new FrameTally(video, 1);
  tally.add(0, await player.shown());
  const played = await player.playToEnd(PLAY_RATE);
  assert.ok(played.ended, 'the event "ended" is missing');
  tally.addAll(played.pictures);
  assertOneRange(await player.facts(), durationSeconds);
  const beeps = await player.appendedBeeps();

  for (const seconds of seekTimes(SEEKS, durationSeconds, script.clip.length)) {
    const shown = await player.seek(seconds);
    tally.add(seconds, shown);
  }
  const picture = await player.seek(durationSeconds / 2);
  const { everySeconds, audio } = { everySeconds: facts.beepEverySeconds, audio: facts.audio[0] };
  const worst = assertInSync({ video, audio, everySeconds, beeps, picture });

  await player.seek(durationSeconds - 0.8);
  assert.ok((await player.playToEnd()).ended, 'the event "ended" is missing after seeks');
  assertNoHoles(await player.facts());
  await assertNoFaults(player);
  t.diagnostic(`frames off: ${tally.summary()}; ${beeps.length} beeps, the worst ${(worst * 1000).toFixed(1)} ms off`);
}
