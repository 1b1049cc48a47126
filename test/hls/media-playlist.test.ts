import assert from 'node:assert/strict';
import { test } from 'node:test';

import { mediaPlaylist } from '../../src/hls/media-playlist.ts';
import { assertGolden } from './golden-text.ts';

const ntsc = { timescale: 24_000, boundaries: [0, 48_048, 192_192, 336_336, 400_400] };

test('a CMAF playlist lists the whole timeline with its init section', () => {
  const text = mediaPlaylist({
    format: 'cmaf',
    timeline: ntsc,
    targetDurationSeconds: 7,
    isIndependent: true,
    segmentUri: (number) => `segment${number}.m4s`,
    initUri: 'init.mp4',
  });
  assertGolden('cmaf.m3u8', text);
});

test('a muxed playlist with a start is version 3 and says where to begin', () => {
  const text = mediaPlaylist({
    format: 'mpegts',
    timeline: ntsc,
    targetDurationSeconds: 6.006,
    isIndependent: false,
    segmentUri: (number) => `stream/segment-a1-0000${number}.ts`,
    startSeconds: 8.25,
  });
  assertGolden('muxed-start.m3u8', text);
});

test('rounding does not drift: the durations add up to the end of the timeline', () => {
  const boundaries = Array.from({ length: 20_001 }, (_, number) => number * 1001);
  const text = playlist({ timescale: 3000, boundaries });
  const sum = extinf(text).reduce((total, each) => total + Math.round(each * 1e6), 0);
  assert.equal(sum, Math.round((20_000 * 1001 * 1e6) / 3000));
});

test('no boundary inside is rounded up: players drop a keyframe that comes before the sum', () => {
  const boundaries = Array.from({ length: 1000 }, (_, number) => number * 1001);
  let sum = 0;
  for (const [number, seconds] of extinf(playlist({ timescale: 24_000, boundaries }))
    .slice(0, -1)
    .entries()) {
    sum += Math.round(seconds * 1e6);
    assert.ok(sum * 24_000 <= (boundaries[number + 1] ?? 0) * 1e6, `segment ${number}`);
  }
});

test('the target duration is a whole number that no rounded segment exceeds', () => {
  const text = playlist({ timescale: 1000, boundaries: [0, 7_499, 15_000] });
  assert.match(text, /^#EXT-X-TARGETDURATION:8$/mu);
  assert.deepEqual(extinf(text), [7.499, 7.501]);
});

test('a time line without segments is still a valid playlist', () => {
  assert.match(playlist({ timescale: 1000, boundaries: [0] }), /#EXT-X-ENDLIST\n$/u);
});

function playlist(timeline: { timescale: number; boundaries: number[] }): string {
  const segmentUri = (number: number) => `${number}.ts`;
  return mediaPlaylist({ format: 'mpegts', timeline, targetDurationSeconds: 6, isIndependent: true, segmentUri });
}

function extinf(text: string): number[] {
  return [...text.matchAll(/^#EXTINF:(\d+\.\d{6}),$/gmu)].map((match) => Number(match[1]));
}
