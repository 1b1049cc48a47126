// Pictures of a copied segment that cannot be copied, encoded: at their own times, in the size of the source, and with parameter sets of their
// own before them. MPEG-TS only: there those are part of the stream.
import { randomUUID } from 'node:crypto';
import { parseAvcConfiguration } from '../../bitstream/avc-configuration.ts';
import { parseH264Sps } from '../../bitstream/h264-sps.ts';
import { assumedColor } from '../../model/color.ts';
import type { Sample, SampleRun } from '../../model/samples.ts';
import type { CopiedPictures } from './copied-video.ts';
import type { EncoderSessions } from '../sessions/encoder-sessions.ts';
import { encodeGroup, type GroupSource } from '../encode/encode-group.ts';
import type { VideoEncoders } from '../encode/video-encoder.ts';
import type { GridFrame } from '../libav/video/video-frame-grid.ts';
import { X264, type CopiedVideo, type EncodedVideo } from '../../model/rendition-track.ts';
import type { SegmentJob } from '../protocol/protocol.ts';

/** Not to be told from what is beside it. */
const CRF = 18;
const MAX_BIT_RATE = 20_000_000;

export interface Mending {
  job: SegmentJob;
  track: CopiedVideo;
  pictures: CopiedPictures;
}

/** Whether all of it can be copied. */
export function isWhole({ run, copied }: CopiedPictures): boolean {
  return copied.from === 0 && copied.to === run.samples.length;
}

/** What is not as planned, to be said of the segment. */
export function wordsOn({ run, copied, isDamaged }: CopiedPictures): string[] {
  const trailing = run.samples.length - copied.to;
  return [
    ...(isDamaged ? ['has lost the picture it begins with: the one before stays on show'] : []),
    ...(copied.from > 0 ? [`begins with no IDR picture: its first ${copied.from} pictures are encoded`] : []),
    ...(trailing > 0 ? [`is followed by no IDR picture: its last ${trailing} pictures are encoded`] : []),
  ];
}

/** The whole run: equal jobs give equal bytes, whatever was made before. */
export async function mend(
  { job, track, pictures }: Mending,
  { sessions, encoders }: { sessions: EncoderSessions; encoders: VideoEncoders<GridFrame> },
  signal: AbortSignal,
): Promise<SampleRun> {
  const { run, copied } = pictures;
  const encoding = encodingLike(track);
  const rate = track.frameGrid ?? { num: track.timescale, den: 1 };
  const ticks = (track.timescale * rate.den) / rate.num;
  // A session of this call alone, closed at once: what decoding begins with depends on the segment, and a call that was given up lets go late.
  const place = { key: `${job.renditionKey} ${job.number} ${randomUUID()}`, input: job.input, origin: job.origin };
  const work = async (): Promise<SampleRun> => {
    const grid = await sessions.pictures(place, { ...encoding, frameRate: rate });
    const source = { grid, track: encoding, encoder: encoders.get(encoding.encoder) };
    const stretch = (samples: Sample[]) => encodeStretch(source, { samples, ticks }, signal);
    const head = await stretch(run.samples.slice(0, copied.from));
    const tail = await stretch(run.samples.slice(copied.to));
    return { ...run, samples: [...head, ...run.samples.slice(copied.from, copied.to), ...tail] };
  };
  try {
    return await sessions.run(place, work, signal);
  } finally {
    await sessions.release(place.key);
  }
}

/** The same pictures at the same times, the first an IDR picture. `ticks`: between two pictures of the grid. */
async function encodeStretch(
  source: GroupSource<GridFrame>,
  { samples, ticks }: { samples: Sample[]; ticks: number },
  signal: AbortSignal,
): Promise<Sample[]> {
  if (samples.length === 0) return [];
  const times = samples.map(({ pts }) => pts).toSorted((a, b) => a - b);
  const numbers = times.map((time) => Math.round(time / ticks));
  // Decoding begins with the keyframe before: an open group needs it, and so may a picture that only looks like a keyframe.
  await source.grid.frame((numbers[0] ?? 0) - 1, signal);
  const encoded = await encodeGroup(source, { numbers, isInsert: true, header: undefined }, signal);
  return encoded.map(({ index, ...picture }) => ({ ...picture, pts: times[index] ?? 0 }));
}

/** What gives pictures in the shape of the source's. No B-frames: nothing is held back where copied pictures follow. */
function encodingLike(track: CopiedVideo): EncodedVideo {
  const [sps = new Uint8Array(0)] = parseAvcConfiguration(track.configuration).sps;
  const { width, height, sampleAspectRatio, color, level } = parseH264Sps(sps);
  return {
    kind: 'encoded',
    encoder: X264,
    streamIndex: track.streamIndex,
    hasDecodeTimesOnly: false,
    frameRate: track.frameRate,
    lastFrame: Infinity,
    width,
    height,
    sampleAspectRatio,
    deinterlace: false,
    rotationDegrees: 0,
    color,
    sourceColor: assumedColor(color, { width, height }),
    crf: CRF,
    maxBitRate: MAX_BIT_RATE,
    bFrames: 0,
    level,
    // One long group, waited for whole: a player gives up after 10 s.
    fastPresetEnd: Infinity,
  };
}
