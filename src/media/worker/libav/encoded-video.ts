// Encoded video: the decoded pictures put on a constant frame grid, one closed group of pictures per segment.
// Every segment has an encoder of its own, so its bytes depend on its frames alone; decoder and demuxer go on from segment to segment.
import {
  AV_CODEC_FLAG_GLOBAL_HEADER,
  AV_PICTURE_TYPE_I,
  AV_PICTURE_TYPE_NONE,
  AV_PIX_FMT_YUV420P,
  AV_PROFILE_H264_HIGH,
} from 'node-av/constants';
import { Rational } from 'node-av/lib';
import type { CodecContext } from 'node-av/lib';
import { annexBToSample, withoutParameterSets } from '../../bitstream/nal-units.ts';
import type { Sample, SampleRun } from '../../samples.ts';
import { drain, encode, openEncoder } from './encoder.ts';
import type { PictureGrid } from './picture-grid.ts';
import type { EncodedVideo } from '../protocol.ts';

const THREADS = 2;

/** Encodes frames `[start, end)` of the grid (in ticks: frame number times `frameRate.den`). */
export async function encodeSegment(
  grid: PictureGrid,
  track: EncodedVideo,
  span: { start: number; end: number; signal: AbortSignal },
): Promise<SampleRun> {
  const tick = track.frameRate.den;
  const encoder = await openVideoEncoder(track);
  const samples: Sample[] = [];
  const take = () =>
    drain(encoder, (packet) => {
      const data = withoutParameterSets(annexBToSample(packet.data ?? new Uint8Array(0)), 'h264');
      samples.push({ data, pts: Number(packet.pts) * tick, isSync: packet.isKeyframe });
    });
  try {
    const first = span.start / tick;
    for (let number = first; number < span.end / tick; number++) {
      const frame = await grid.frame(number, span.signal);
      frame.pts = BigInt(number);
      frame.timeBase = new Rational(track.frameRate.den, track.frameRate.num);
      frame.pictType = number === first ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
      await encode(encoder, frame);
      await take();
    }
    await encode(encoder, undefined);
    await take();
  } finally {
    encoder.freeContext();
  }
  return { timescale: track.frameRate.num, start: span.start, end: span.end, samples };
}

/** Its parameter sets are in `extraData` (start codes); equal tracks give equal ones. */
export async function openVideoEncoder(track: EncodedVideo): Promise<CodecContext> {
  return openEncoder('libx264', (context) => {
    context.width = track.width;
    context.height = track.height;
    context.pixelFormat = AV_PIX_FMT_YUV420P;
    context.timeBase = new Rational(track.frameRate.den, track.frameRate.num);
    context.framerate = new Rational(track.frameRate.num, track.frameRate.den);
    context.sampleAspectRatio = new Rational(1, 1);
    context.profile = AV_PROFILE_H264_HIGH;
    context.level = track.level;
    context.threadCount = THREADS;
    context.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER);
    context.maxBFrames = track.bFrames;
    context.rcMaxRate = BigInt(track.maxBitRate);
    context.rcBufferSize = track.maxBitRate;
    return {
      preset: 'veryfast',
      profile: 'high',
      crf: String(track.crf),
      'x264-params': `scenecut=0:open-gop=0:keyint=infinite:bframes=${track.bFrames}:mbtree=${canUseTree(track) ? 1 : 0}`,
    };
  });
}

/**
 * With AVX-512, x264's macroblock tree reads memory nobody wrote where a row is no multiple of eight macroblocks:
 * equal pictures would give different bytes each time.
 */
function canUseTree({ width }: EncodedVideo): boolean {
  return Math.ceil(width / 16) % 8 === 0;
}
