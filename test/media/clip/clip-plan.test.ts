// Which frames and samples a clip is made of, and what is refused: from facts alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { planClip } from '../../../src/media/clip/clip-plan.ts';
import { AAC_FRAME_SAMPLES } from '../../../src/media/model/samples.ts';
import type { AudioTrack, VideoTrack } from '../../../src/media/model/description.ts';
import type { MediaFacts } from '../../../src/media/model/facts.ts';
import * as media from '../../support/facts/media-facts.ts';

const VIDEO: VideoTrack = {
  ...media.VIDEO,
  height: 800,
  timeBase: { num: 1, den: 24_000 },
  frameRate: { num: 24_000, den: 1001 },
};
const AUDIO: AudioTrack = {
  ...media.AUDIO,
  sampleRate: 44_100,
  channels: 6,
  timeBase: { num: 1, den: 44_100 },
};

function facts(video: VideoTrack | undefined, durationSeconds = 7200): MediaFacts {
  return {
    description: { container: 'matroska,webm', durationSeconds, video, audio: [AUDIO], subtitles: [] },
    chapters: [],
    origin: { ticks: 0, timeBase: { num: 1, den: 24_000 } },
    durationSeconds,
    videoStartSeconds: 0,
    videoSeconds: video && durationSeconds,
    table: undefined,
  };
}

const span = (startSeconds: number, endSeconds: number, maxSeconds = 3600) => ({
  startSeconds,
  endSeconds,
  maxSeconds,
});

test('neighbouring clips share no frame and miss none, also when their times are rounded to milliseconds', () => {
  let last: number | undefined;
  for (let i = 0; i < 500; i += 1) {
    const [start, end] = [i, i + 1].map((n) => Math.round(n * 3.337_123 * 1000) / 1000);
    const { video } = planClip(facts(VIDEO), 0, span(start ?? 0, end ?? 0));
    assert.ok(last === undefined || video?.frames.start === last);
    last = video?.frames.end;
  }
  const exact = planClip(facts(VIDEO), 0, span((1000 * 1001) / 24_000, (1240 * 1001) / 24_000));
  assert.deepEqual(exact.video?.frames, { start: 1000, end: 1240 });
  const rounded = planClip(facts(VIDEO), 0, span(41.708, 51.718));
  assert.deepEqual(rounded.video?.frames, { start: 1000, end: 1240 });
});

test('the pieces of a clip are all of its pictures and whole frames of sound, one before the first included', () => {
  for (const [start, end] of [
    [0, 0.05],
    [0.3, 4.2],
    [5, 17.77],
    [7190, 7200],
  ] as const) {
    for (const source of [facts(VIDEO), facts(undefined)]) {
      const { video, audio, pieces } = planClip(source, 0, span(start, end));
      const samples = audio?.samples ?? assert.fail();
      let frame = video?.frames.start;
      let sample = samples.start - AAC_FRAME_SAMPLES;
      for (const piece of pieces) {
        assert.equal(piece.video?.start, frame);
        frame = piece.video?.end;
        assert.equal(piece.audio?.start, sample);
        sample = piece.audio?.end ?? assert.fail();
        assert.equal((sample - samples.start) % AAC_FRAME_SAMPLES, 0);
      }
      assert.equal(frame, video?.frames.end);
      assert.ok(sample >= samples.end && sample < samples.end + AAC_FRAME_SAMPLES);
      const seconds = video ? ((video.frames.end - video.frames.start) * 1001) / 24_000 : end - start;
      assert.ok(Math.abs((samples.end - samples.start) / 44_100 - seconds) < 1 / 44_100);
    }
  }
});

test('a clip has a limit, and an end beyond the film counts as its end', () => {
  assert.equal(planClip(facts(VIDEO), 0, span(0, 3600)).pieces.length, 900);
  assert.throws(() => planClip(facts(VIDEO), 0, span(0, 3600.1)), { code: 'BAD_REQUEST', message: /3600 s/u });
  assert.throws(() => planClip(facts(VIDEO), 0, span(10, 911, 900)), { code: 'BAD_REQUEST', message: /900 s/u });
  assert.equal(planClip(facts(VIDEO), 0, span(7000, 1e300, 900)).video?.frames.end, Math.round(7200 * (24_000 / 1001)));
  for (const [start, end] of [
    [-1, 3],
    [3, 3],
    [4, 3],
    [7200, 7201],
    [NaN, 3],
    [0, NaN],
    [1, 1.0001],
  ] as const) {
    assert.throws(() => planClip(facts(VIDEO), 0, span(start, end)), { code: 'BAD_REQUEST' });
  }
});
