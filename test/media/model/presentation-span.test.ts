// Where a presentation begins and ends, and what its segments weigh: pure rules, as tables.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { segmentRates } from '../../../src/media/model/byte-positions.ts';
import {
  audioOrigin,
  lastFrameEnd,
  presentationOrigin,
  secondsOf,
} from '../../../src/media/model/presentation-span.ts';

const MILLISECONDS = { num: 1, den: 1000 };
const FILM_RATE = { num: 24_000, den: 1001 };
const FRAME_SECONDS = 1001 / 24_000;

const ORIGINS: { what: string; pictureSeconds: number; audioSeconds: number[]; frames: number }[] = [
  { what: 'without sound it begins with the picture', pictureSeconds: 8, audioSeconds: [], frames: 0 },
  { what: 'sound that begins later does not count', pictureSeconds: 8, audioSeconds: [9.5], frames: 0 },
  { what: 'the priming of an encoder is cut off', pictureSeconds: 8, audioSeconds: [7.979], frames: 0 },
  { what: 'sound half a second before moves it by whole frames', pictureSeconds: 8, audioSeconds: [7.5], frames: 12 },
  { what: 'the earliest of several tracks counts', pictureSeconds: 8, audioSeconds: [9, 0, 7.5], frames: 192 },
];

for (const { what, pictureSeconds, audioSeconds, frames } of ORIGINS) {
  test(what, () => {
    const first = { ticks: pictureSeconds * 1000, timeBase: MILLISECONDS, frameRate: FILM_RATE };
    const { ticks, timeBase } = presentationOrigin(first, audioSeconds);
    assert.ok(Number.isSafeInteger(ticks));
    assert.ok(Math.abs(pictureSeconds - secondsOf(ticks, timeBase) - frames * FRAME_SECONDS) < 1e-9);
  });
}

test('sound alone begins with its first packet, also on a clock that wraps, but without the priming of an encoder', () => {
  const rows: [container: string, startTicks: number, zero: number][] = [
    ['mpeg', 45_000, 45_000],
    ['mpeg', -180_000, -180_000],
    ['mpegts', -180_000, -180_000],
    ['matroska,webm', -7, 0],
    ['mov,mp4,m4a,3gp,3g2,mj2', -1024, 0],
  ];
  for (const [container, startTicks, zero] of rows)
    assert.equal(audioOrigin({ startTicks, timeBase: MILLISECONDS }, container).ticks, zero, container);
});

test('the last picture stands to the end, unless that is as good as its own', () => {
  assert.equal(lastFrameEnd({ durationSeconds: 60, videoSeconds: 0.04 }), 60);
  assert.equal(lastFrameEnd({ durationSeconds: 60, videoSeconds: 59.95 }), 59.95);
});

test('rates of segments come from the bytes before their keyframes, less the other tracks where those are counted', () => {
  const timeline = { timescale: 1, boundaries: [0, 2, 6, 8] };
  const atKeyframes = [0, 1000, 2000, 6000, 7000];
  const own = { positions: { atKeyframes, ofAllTracks: false }, otherBitRate: 1000 };
  assert.deepEqual(segmentRates(timeline, [0, 1, 3], own), { peak: 10_000, average: 7000 });
  const all = { ...own, positions: { atKeyframes, ofAllTracks: true } };
  assert.deepEqual(segmentRates(timeline, [0, 1, 3], all), { peak: 9000, average: 6000 });
  assert.equal(segmentRates(timeline, [0, 1, 3], { ...own, positions: undefined }), undefined);
});
