// Encoded video: the decoded pictures put on a constant frame grid, one closed group of pictures per segment.
// Every segment has an encoder of its own, so its bytes depend on its frames alone; decoder and demuxer go on from segment to segment.
import {
  AVCOL_RANGE_JPEG,
  AVCOL_RANGE_MPEG,
  AV_CODEC_FLAG_GLOBAL_HEADER,
  AV_PICTURE_TYPE_I,
  AV_PICTURE_TYPE_NONE,
  AV_PIX_FMT_YUV420P,
  AV_PROFILE_H264_HIGH,
} from 'node-av/constants';
import { Rational } from 'node-av/lib';
import type { CodecContext } from 'node-av/lib';
import { annexBToSample, withoutParameterSets } from '../../../bitstream/nal-units.ts';
import type { Sample, SampleRun } from '../../../model/samples.ts';
import { drain, encode, openEncoder } from '../codec/encoder.ts';
import type { PictureGrid } from './picture-grid.ts';
import type { EncodedVideo } from '../../../model/rendition-track.ts';

// With more than one, x264 fits rows to the rate by what its other threads have done so far: equal pictures would give different bytes.
const THREADS = 1;

/** Superfast takes two thirds of the time, and looks no further than the picture at hand. */
type Preset = 'veryfast' | 'superfast';

/** Encodes frames `[start, end)` of the grid (in ticks: frame number times `frameRate.den`). */
export async function encodeSegment(
  grid: PictureGrid,
  track: EncodedVideo,
  span: { start: number; end: number; signal: AbortSignal },
): Promise<SampleRun> {
  const tick = track.frameRate.den;
  const first = span.start / tick;
  const numbers = Array.from({ length: span.end / tick - first }, (_, index) => first + index);
  const pictures = await encodePictures(grid, track, { numbers, isInsert: false, signal: span.signal });
  const samples = pictures.map(({ index, ...picture }): Sample => ({ ...picture, pts: (first + index) * tick }));
  return { timescale: track.frameRate.num, start: span.start, end: span.end, samples };
}

/** In decode order. `index`: which of the pictures asked for. */
export type EncodedPicture = Omit<Sample, 'pts'> & { index: number };

/** Encodes pictures of the grid, as if they were on show for one frame each; the first becomes an IDR picture. */
export async function encodePictures(
  grid: PictureGrid,
  track: EncodedVideo,
  { numbers, isInsert, signal }: { numbers: readonly number[]; isInsert: boolean; signal: AbortSignal },
): Promise<EncodedPicture[]> {
  const first = numbers[0] ?? 0;
  await grid.frame(first, signal);
  const preset = first * track.frameRate.den < track.quickEnd ? 'superfast' : 'veryfast';
  const encoder = await openVideoEncoder(track, preset, { isInsert });
  const pictures: EncodedPicture[] = [];
  const take = () =>
    drain(encoder, (packet) => {
      const data = annexBToSample(packet.data ?? new Uint8Array(0));
      pictures.push({
        data: isInsert ? data : withoutParameterSets(data, 'h264'),
        index: Number(packet.pts),
        isSync: packet.isKeyframe,
      });
    });
  try {
    for (const [index, number] of numbers.entries()) {
      const frame = await grid.frame(number, signal);
      frame.pts = BigInt(index);
      frame.timeBase = new Rational(track.frameRate.den, track.frameRate.num);
      frame.pictType = index === 0 ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
      await encode(encoder, frame);
      await take();
    }
    await encode(encoder, undefined);
    await take();
  } finally {
    encoder.freeContext();
  }
  return pictures;
}

/**
 * Its parameter sets are in `extraData` (start codes); equal tracks give equal ones, whatever the preset. Those of an insert into another stream are
 * in the stream. The VUI states the colour: in MPEG-TS nothing else does.
 */
export async function openVideoEncoder(
  track: EncodedVideo,
  preset: Preset,
  { isInsert }: { isInsert: boolean },
): Promise<CodecContext> {
  return openEncoder('libx264', (context) => {
    context.width = track.width;
    context.height = track.height;
    context.pixelFormat = AV_PIX_FMT_YUV420P;
    context.timeBase = new Rational(track.frameRate.den, track.frameRate.num);
    context.framerate = new Rational(track.frameRate.num, track.frameRate.den);
    context.sampleAspectRatio = new Rational(track.sampleAspectRatio.num, track.sampleAspectRatio.den);
    context.profile = AV_PROFILE_H264_HIGH;
    context.level = track.level;
    context.threadCount = THREADS;
    const { primaries, transfer, matrix, fullRange } = track.color;
    Object.assign(context, { colorPrimaries: primaries, colorTrc: transfer, colorSpace: matrix });
    context.colorRange = fullRange ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
    if (!isInsert) context.setFlags(AV_CODEC_FLAG_GLOBAL_HEADER);
    context.maxBFrames = track.bFrames;
    context.rcMaxRate = BigInt(track.maxBitRate);
    // With 0.9 of it at the start of a segment, one of a second takes 1.45 times the cap at most: `PEAK_OVER_CAP`.
    context.rcBufferSize = track.maxBitRate / 2;
    return {
      preset,
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
