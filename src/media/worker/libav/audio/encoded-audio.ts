// Encodes exactly the requested samples to AAC frames. Each segment warms up its encoder on the frames before it, so that its bytes depend on the
// audio alone and the joins are inaudible. The priming (encoder delay) is among the frames that are dropped.
import { AV_SAMPLE_FMT_FLTP } from 'node-av/constants';
import { Frame, Rational } from 'node-av/lib';
import type { CodecContext } from 'node-av/lib';
import { AAC_FRAME_SAMPLES, type Sample, type SampleRun } from '../../../model/samples.ts';
import { aacLayout } from './channel-layouts.ts';
import { drainAtOnce, encodeAtOnce, openEncoder } from '../codec/encoder.ts';
import type { EncodedAudio } from '../../../model/rendition-track.ts';
import { TimeSlice } from './time-slice.ts';
import type { AudioSampleGrid } from './audio-sample-grid.ts';

/** The frames encoded before and after the kept ones. */
const WARM_UP_FRAMES = 8;
const TAIL_FRAMES = 2;

/** Encodes samples `[start, end)`; both lie on the 1024-sample grid. */
export async function encodeAudio(
  grid: AudioSampleGrid,
  track: EncodedAudio,
  span: { start: number; end: number; signal: AbortSignal },
): Promise<SampleRun> {
  const from = span.start - WARM_UP_FRAMES * AAC_FRAME_SAMPLES;
  const planes = await grid.read(from, span.end + TAIL_FRAMES * AAC_FRAME_SAMPLES, span.signal);
  const samples = (await encodePlanes(planes, track, { position: from, signal: span.signal })).filter(
    ({ pts }) => pts >= span.start && pts < span.end,
  );
  return { timescale: track.sampleRate, start: span.start, end: span.end, samples };
}

/** One frame of silence, for positions where a copied track has no frame. */
export async function silentFrame(shape: { sampleRate: number; channels: number }): Promise<Uint8Array> {
  const planes = Array.from({ length: shape.channels }, () => new Float32Array(6 * AAC_FRAME_SAMPLES));
  const frames = await encodePlanes(planes, { ...shape, bitRate: 64_000 * shape.channels }, { position: 0 });
  return frames[3]?.data ?? new Uint8Array(0);
}

type Shape = Pick<EncodedAudio, 'sampleRate' | 'channels' | 'bitRate'>;

async function encodePlanes(
  planes: Float32Array[],
  shape: Shape,
  { position, signal }: { position: number; signal?: AbortSignal },
): Promise<Sample[]> {
  const encoder = await openAacEncoder(shape);
  const samples: Sample[] = [];
  const slice = new TimeSlice();
  const take = () =>
    drainAtOnce(encoder, (packet) =>
      samples.push({ data: packet.data ?? new Uint8Array(0), pts: Number(packet.pts), isSync: true }),
    );
  try {
    const length = planes[0]?.length ?? 0;
    for (let at = 0; at + AAC_FRAME_SAMPLES <= length; at += AAC_FRAME_SAMPLES) {
      const frame = frameOf(planes, at, { ...shape, position: position + at });
      encodeAtOnce(encoder, frame);
      frame.free();
      take();
      if (slice.isOver) {
        await slice.next();
        signal?.throwIfAborted();
      }
    }
    encodeAtOnce(encoder, undefined);
    take();
  } finally {
    encoder.freeContext();
  }
  return samples;
}

function openAacEncoder(shape: Shape): Promise<CodecContext> {
  return openEncoder('aac', (context) => {
    context.sampleRate = shape.sampleRate;
    context.sampleFormat = AV_SAMPLE_FMT_FLTP;
    context.channelLayout = aacLayout(shape.channels);
    context.bitRate = BigInt(shape.bitRate);
    context.timeBase = new Rational(1, shape.sampleRate);
    // The fast coder loses up to 8 dB of signal-to-noise ratio.
    return { aac_coder: 'twoloop' };
  });
}

function frameOf(planes: Float32Array[], at: number, shape: Shape & { position: number }): Frame {
  const bytes = planes.map((plane) => Buffer.from(plane.buffer, plane.byteOffset + at * 4, AAC_FRAME_SAMPLES * 4));
  return Frame.fromAudioBuffer(Buffer.concat(bytes), {
    nbSamples: AAC_FRAME_SAMPLES,
    format: AV_SAMPLE_FMT_FLTP,
    sampleRate: shape.sampleRate,
    channelLayout: aacLayout(shape.channels),
    timeBase: { num: 1, den: shape.sampleRate },
    pts: BigInt(shape.position),
  });
}
