// The encoders of one rendition: whatever effort a segment is made with, the one init section fits it.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { MULTIVARIANT } from '../../../src/media/plan/capabilities.ts';
import { planLadder } from '../../../src/media/plan/encoded-video-plan.ts';
import { quietLibav } from '../../../src/media/worker/libav/codec/check.ts';
import { openVideoEncoder } from '../../../src/media/worker/libav/video/encoded-video.ts';
import type { EncodedVideo } from '../../../src/media/model/rendition-track.ts';
import { factsOf } from '../../support/facts/media-facts.ts';

function tracks(bFrames: number): EncodedVideo[] {
  const facts = factsOf({ video: { frameRate: { num: 24_000, den: 1001 } }, table: null });
  return planLadder(facts, { ...MULTIVARIANT.video.encodes, bFrames }).map(({ track }) => track);
}

async function parameterSets(track: EncodedVideo, preset: 'veryfast' | 'superfast'): Promise<string> {
  const encoder = await openVideoEncoder(track, preset, { isInsert: false });
  try {
    return Buffer.from(encoder.extraData ?? []).toString('hex');
  } finally {
    encoder.freeContext();
  }
}

quietLibav();

for (const bFrames of [0, 3]) {
  test(`segments made with less effort have the parameter sets of the others, with ${bFrames} B-frames`, async () => {
    for (const track of tracks(bFrames)) {
      const usual = await parameterSets(track, 'veryfast');
      assert.notEqual(usual, '');
      assert.equal(await parameterSets(track, 'superfast'), usual, `${track.width}x${track.height}`);
    }
  });
}
