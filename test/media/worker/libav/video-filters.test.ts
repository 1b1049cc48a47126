// The chain of filters for each kind of picture.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { ColorDescription } from '../../../../src/media/model/description.ts';
import type { EncodedVideo } from '../../../../src/media/model/rendition-track.ts';
import { videoFilters } from '../../../../src/media/worker/libav/video/video-filters.ts';

const BT709: ColorDescription = { primaries: 1, transfer: 1, matrix: 1, fullRange: false };
const FLAGS = 'flags=bicubic+accurate_rnd+full_chroma_int';
const END = 'setsar=1,format=yuv420p';

function track(own: Partial<EncodedVideo>): EncodedVideo {
  return {
    kind: 'encoded',
    encoder: 'x264',
    streamIndex: 0,
    hasDecodeTimesOnly: false,
    frameRate: { num: 25, den: 1 },
    lastFrame: 99,
    width: 640,
    height: 360,
    sampleAspectRatio: { num: 1, den: 1 },
    deinterlace: false,
    rotationDegrees: 0,
    color: BT709,
    sourceColor: BT709,
    crf: 22,
    maxBitRate: 1_000_000,
    bFrames: 2,
    level: 30,
    fastPresetEnd: 0,
    ...own,
  };
}

suite('filters of a picture', () => {
  const scaled = `scale=640:360:${FLAGS}:out_color_matrix=bt709:out_range=tv`;
  const ROWS: {
    what: string;
    track?: Partial<EncodedVideo>;
    color?: Partial<ColorDescription>;
    fitted?: { width: number; height: number };
    expected: string;
  }[] = [
    { what: 'progressive and upright', expected: `${scaled},${END}` },
    {
      what: 'interlaced: frames are made progressive before anything else',
      track: { deinterlace: true, rotationDegrees: 180 },
      expected: `bwdif=mode=send_frame:deint=interlaced,hflip,vflip,${scaled},${END}`,
    },
    { what: 'turned by 90 degrees', track: { rotationDegrees: 90 }, expected: `transpose=clock,${scaled},${END}` },
    { what: 'turned by 270 degrees', track: { rotationDegrees: 270 }, expected: `transpose=cclock,${scaled},${END}` },
    {
      what: 'of another shape: bars in the middle',
      fitted: { width: 480, height: 360 },
      expected: `scale=480:360:${FLAGS}:out_color_matrix=bt709:out_range=tv,pad=640:360:(ow-iw)/2:(oh-ih)/2,${END}`,
    },
    {
      what: 'the matrix of the source stays',
      track: { color: { ...BT709, matrix: 2 } },
      color: { matrix: 6 },
      expected: `scale=640:360:${FLAGS}:out_color_matrix=smpte170m:out_range=tv,${END}`,
    },
    {
      what: 'full range asked for',
      track: { color: { ...BT709, fullRange: true } },
      expected: `scale=640:360:${FLAGS}:out_color_matrix=bt709:out_range=pc,${END}`,
    },
    {
      what: 'YCgCo, which libswscale cannot read',
      color: { matrix: 8 },
      expected: `zscale=matrixin=ycgco:matrix=709,${scaled},${END}`,
    },
  ];
  for (const { what, track: own = {}, color = {}, fitted = { width: 640, height: 360 }, expected } of ROWS)
    test(what, () => assert.equal(videoFilters(track(own), { ...BT709, ...color }, fitted), expected));

  for (const [name, transfer] of [
    ['PQ', 16],
    ['HLG', 18],
  ] as const)
    test(`${name} is scaled, then tone-mapped to BT.709`, () => {
      const chain = videoFilters(
        track({}),
        { primaries: 9, transfer, matrix: 9, fullRange: false },
        { width: 640, height: 360 },
      );
      assert.match(chain, new RegExp(`^scale=640:360:${FLAGS.replaceAll('+', String.raw`\+`)},.*tonemap`, 'u'));
      assert.match(chain, new RegExp(`${END}$`, 'u'));
    });
});
