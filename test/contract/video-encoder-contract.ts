// The contract of video encoders: the test suite of the port in src/media/worker/encode/video-encoder.ts.
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { AV_PIX_FMT_YUV420P } from 'node-av/constants';
import { Frame } from 'node-av/lib';
import { MULTIVARIANT } from '../../src/media/plan/capabilities.ts';
import { PEAK_OVER_CAP, planLadder } from '../../src/media/plan/encoded-video-plan.ts';
import { H264_NAL, nalType, sampleUnits } from '../../src/media/bitstream/nal-units.ts';
import type { EncodedVideo } from '../../src/media/model/rendition-track.ts';
import { quietLibav } from '../../src/media/worker/libav/codec/check.ts';
import type { CodedPicture, GroupOptions, VideoEncoder } from '../../src/media/worker/encode/video-encoder.ts';
import type { GridFrame } from '../../src/media/worker/libav/video/video-frame-grid.ts';
import { factsOf } from '../support/facts/media-facts.ts';

const FRAMES = 50;
const NORMAL: GroupOptions = { effort: 'normal', isInsert: false };

/** The rungs of a source with 25 frames per second. */
function rungs(bFrames: number): EncodedVideo[] {
  return planLadder(factsOf({ table: null }), { ...MULTIVARIANT.video.encodes, bFrames }).map(({ track }) => track);
}

/** Noise, which no encoder compresses below the bit rate of a rung; equal for equal numbers. */
function noiseOf({ width, height }: EncodedVideo, number: number): Buffer {
  const bytes = Buffer.alloc((width * height * 3) / 2, 128);
  let state = number + 1;
  for (let at = 0; at < width * height; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = 16 + (state >>> 25);
  }
  return bytes;
}

/** The frame does not own its bytes: the caller must keep them while the frame is used. */
function frameOf({ width, height }: EncodedVideo, bytes: Buffer): Frame {
  return Frame.fromVideoBuffer(bytes, { width, height, format: AV_PIX_FMT_YUV420P, timeBase: { num: 1, den: 25 } });
}

async function groupOf(
  encoder: VideoEncoder<GridFrame>,
  track: EncodedVideo,
  options: GroupOptions,
): Promise<CodedPicture[]> {
  using group = await encoder.open(track, options);
  const pictures: CodedPicture[] = [];
  const noise = Array.from({ length: FRAMES }, (_, number) => noiseOf(track, number));
  for (const bytes of noise) {
    const frame = frameOf(track, bytes);
    pictures.push(...(await group.encode(frame)));
    frame.free();
  }
  pictures.push(...(await group.finish()));
  assert.equal(noise.length, FRAMES);
  return pictures;
}

/** Defines the tests. */
export function videoEncoderContract(name: string, encoder: VideoEncoder<GridFrame>): void {
  suite(`the video encoder ${name}`, () => {
    quietLibav();
    for (const bFrames of [0, 3]) {
      test(`writes the same parameter sets whatever the effort, with ${bFrames} B-frames`, async () => {
        for (const track of rungs(bFrames)) {
          const { configuration } = await encoder.header(track);
          // Version 1, High, without constraints.
          assert.deepEqual([...configuration.subarray(0, 3)], [1, 100, 0]);
          for (const effort of ['normal', 'fast'] as const) {
            using group = await encoder.open(track, { effort, isInsert: false });
            assert.deepEqual(group.header?.configuration, configuration, `${track.width}x${track.height}`);
          }
        }
      });

      test(`encodes each frame as one picture, only the first as an IDR picture, with ${bFrames} B-frames`, async () => {
        const track = rungs(bFrames).at(-1) ?? assert.fail();
        const pictures = await groupOf(encoder, track, NORMAL);
        assert.deepEqual(
          pictures.map(({ index }) => index).toSorted((a, b) => a - b),
          Array.from({ length: FRAMES }, (_, index) => index),
        );
        assert.deepEqual(
          pictures.filter(({ isSync }) => isSync).map(({ index }) => index),
          [0],
        );
        const isIdr = ({ data }: CodedPicture) =>
          [...sampleUnits(data, 4)].some((unit) => nalType('h264', unit) === H264_NAL.idr);
        assert.deepEqual(
          pictures.map(isIdr),
          pictures.map(({ index }) => index === 0),
        );
        if (bFrames === 0)
          assert.deepEqual(
            pictures.map(({ index }) => index),
            pictures.map((_, at) => at),
          );
      });
    }

    test('encodes equal frames to equal bytes, also next to other groups, when the bit rate is limited', async () => {
      const track = rungs(3).at(-1) ?? assert.fail();
      const groups = await Promise.all([1, 2, 3].map(() => groupOf(encoder, track, NORMAL)));
      const bytes = groups.map((pictures) => Buffer.concat(pictures.map(({ data }) => data)));
      const bits = (bytes[0]?.length ?? 0) * 8;
      const cap = (track.maxBitRate * FRAMES * track.frameRate.den) / track.frameRate.num;
      assert.ok(bits > cap * 0.7, `the rate does not bind: ${bits} of ${cap} bits`);
      assert.ok(bits < cap * PEAK_OVER_CAP, `more than the cap allows: ${bits} of ${cap} bits`);
      for (const other of bytes.slice(1)) assert.ok(bytes[0]?.equals(other));
    });

    test('puts the parameter sets of an insert before its first picture', async () => {
      const track = rungs(0).at(-1) ?? assert.fail();
      using group = await encoder.open(track, { effort: 'fast', isInsert: true });
      assert.equal(group.header, undefined);
      const bytes = noiseOf(track, 0);
      const frame = frameOf(track, bytes);
      const pictures = [...(await group.encode(frame)), ...(await group.finish())];
      frame.free();
      assert.ok(bytes.length > 0);
      const types = [...sampleUnits(pictures[0]?.data ?? Buffer.alloc(0), 4)].map((unit) => nalType('h264', unit));
      assert.ok(
        types.indexOf(H264_NAL.sps) < types.indexOf(H264_NAL.idr) && types.includes(H264_NAL.pps),
        types.join(),
      );
    });
  });
}
