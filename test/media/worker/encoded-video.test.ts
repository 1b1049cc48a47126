// The encoders of one rendition: whatever effort a segment is made with, the one init section fits it.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { VideoTrack } from '../../../src/media/model/description.ts';
import { planLadder } from '../../../src/media/plan/encoded-video-plan.ts';
import { quietLibav } from '../../../src/media/worker/libav/codec/check.ts';
import { openVideoEncoder } from '../../../src/media/worker/libav/video/encoded-video.ts';
import type { EncodedVideo } from '../../../src/media/model/rendition-track.ts';

const VIDEO: VideoTrack = {
  streamIndex: 0,
  codec: 'h264',
  codecString: undefined,
  configuration: new Uint8Array(),
  width: 1920,
  height: 1080,
  sampleAspectRatio: { num: 1, den: 1 },
  rotationDegrees: 0,
  bitDepth: 8,
  chroma: '4:2:0',
  interlaced: false,
  reorderFrames: 2,
  hasDecodeTimesOnly: false,
  color: { primaries: 2, transfer: 2, matrix: 2, fullRange: false },
  timeBase: { num: 1, den: 90_000 },
  startTicks: 0,
  frameRate: { num: 24_000, den: 1001 },
  bitRate: undefined,
  isDecodable: true,
};

function tracks(bFrames: number): EncodedVideo[] {
  const description = { container: 'mp4', durationSeconds: 60, video: VIDEO, audio: [], subtitles: [] };
  const origin = { ticks: 0, timeBase: VIDEO.timeBase };
  const facts = {
    description,
    chapters: [],
    origin,
    durationSeconds: 60,
    videoStartSeconds: 0,
    videoSeconds: 60,
    table: undefined,
  };
  return planLadder(facts, { bFrames }).map(({ track }) => track);
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
