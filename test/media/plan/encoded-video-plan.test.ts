// The ladder for pictures of many shapes.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { VideoTrack } from '../../../src/media/model/description.ts';
import { MULTIVARIANT } from '../../../src/media/plan/capabilities.ts';
import { planLadder } from '../../../src/media/plan/encoded-video-plan.ts';
import { factsOf } from '../../support/facts/media-facts.ts';

function ladder(shape: Partial<VideoTrack>): string[] {
  const facts = factsOf({ video: { codec: 'mpeg2video', ...shape }, table: null });
  return planLadder(facts, MULTIVARIANT.video.encodes).map(
    ({ name, track }) => `${name} ${track.width}x${track.height}`,
  );
}

const CASES: { what: string; shape: Partial<VideoTrack>; expected: string[] }[] = [
  { what: '1080p', shape: {}, expected: ['1080p 1920x1080', '720p 1280x720', '480p 854x480', '360p 640x360'] },
  {
    what: '4K, which is never more than 1080p',
    shape: { width: 3840, height: 2160 },
    expected: ['1080p 1920x1080', '720p 1280x720', '480p 854x480', '360p 640x360'],
  },
  {
    what: 'a scope film',
    shape: { width: 1920, height: 804 },
    expected: ['1080p 1920x804', '720p 1280x536', '480p 854x358', '360p 640x268'],
  },
  {
    what: 'a slightly cropped film, which keeps its size',
    shape: { width: 1904, height: 1072 },
    expected: ['1080p 1904x1072', '720p 1278x720', '480p 852x480', '360p 640x360'],
  },
  {
    what: 'PAL with wide pixels, which keeps its size',
    shape: { width: 720, height: 576, sampleAspectRatio: { num: 64, den: 45 } },
    expected: ['576p 1024x576', '480p 854x480', '360p 640x360'],
  },
  { what: 'a small film', shape: { width: 320, height: 180 }, expected: ['180p 320x180'] },
  {
    what: 'a film held upright',
    shape: { width: 640, height: 360, rotationDegrees: 90 },
    expected: ['360p 360x640'],
  },
];

for (const { what, shape, expected } of CASES) {
  test(`the ladder of ${what}`, () => assert.deepEqual(ladder(shape), expected));
}
