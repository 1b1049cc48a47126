// A browser reads the subtitle tracks across origins, beside a playing film, and shows each line at its time.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { clip } from '../support/clips/clips.ts';
import { SUBTITLE_CUES } from '../support/clips/texts.ts';
import { Stage } from './stage.ts';

let stage: Stage;
before(async () => {
  stage = await Stage.open();
});
after(() => stage[Symbol.asyncDispose]());

test('Chromium takes SubRip and ASS as tracks of a film, and shows the line of the place that is sought', async () => {
  const session = await stage.session({ source: await clip('mkv-two-audio') });
  await using player = await stage.player();
  await player.load('hls', `${session}/stream.m3u8`, {});
  for (const index of [0, 1]) {
    const cues = await player.evaluate(`(async () => {
      const video = document.querySelector('video');
      video.crossOrigin = 'anonymous';
      const track = Object.assign(document.createElement('track'), { kind: 'subtitles', src: '${session}/subtitles/${index}.vtt' });
      video.append(track);
      track.track.mode = 'hidden';
      await new Promise((resolve, reject) => {
        track.onload = resolve;
        track.onerror = () => reject(new Error('the track could not be loaded'));
      });
      return JSON.stringify([...track.track.cues].map((cue) => [cue.startTime, cue.endTime, cue.getCueAsHTML().textContent]));
    })()`);
    const found: unknown = JSON.parse(String(cues));
    assert.ok(Array.isArray(found) && found.length === SUBTITLE_CUES.length, String(cues));
    for (const [i, { startSeconds, text }] of SUBTITLE_CUES.entries()) {
      const cue: unknown = found[i];
      assert.ok(Array.isArray(cue) && Math.abs(Number(cue[0]) - startSeconds) < 0.03, String(cue));
      assert.equal(cue[2], text.replaceAll(/<\/?i>/gu, ''));
    }
  }
  await player.seek(9);
  await player.until(`document.querySelector('video').textTracks[0].activeCues?.[0]?.text.startsWith('Overlaps')`);
});
