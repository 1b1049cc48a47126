// Encodes the pictures at the edges of a copied segment that cannot be copied: at their own times, in the size of the source, preceded by their
// own parameter sets. MPEG-TS only, where parameter sets are part of the stream.
import { parseAvcConfiguration } from '../../bitstream/avc-configuration.ts';
import { parseH264Sps } from '../../bitstream/h264-sps.ts';
import { assumedColor } from '../../model/color.ts';
import type { Sample, SampleRun } from '../../model/samples.ts';
import type { CopiedVideoRun } from './copied-video.ts';
import type { EncoderSessions, SessionTarget } from '../sessions/encoder-sessions.ts';
import { encodeGroup, type GroupSource } from '../encode/encode-group.ts';
import type { VideoEncoders } from '../encode/video-encoder.ts';
import type { GridFrame } from '../libav/video/video-frame-grid.ts';
import { X264, type CopiedVideo, type EncodedVideo } from '../../model/rendition-track.ts';
import type { SegmentJob } from '../protocol/protocol.ts';

/** A quality that cannot be told from the copied pictures next to it. */
const CRF = 18;
const MAX_BIT_RATE = 20_000_000;

export interface EdgeJob {
  job: SegmentJob;
  track: CopiedVideo;
  copy: CopiedVideoRun;
}

/** Whether all pictures of the segment can be copied. */
export function isFullyCopied({ run, copied }: CopiedVideoRun): boolean {
  return copied.from === 0 && copied.to === run.samples.length;
}

/** Descriptions of the deviations from a plain copy, for the log: predicates whose subject is the segment. */
export function describeEdges({ run, copied, isDamaged }: CopiedVideoRun): string[] {
  const trailing = run.samples.length - copied.to;
  return [
    ...(isDamaged ? ['has lost its first keyframe: the keyframe before is shown instead'] : []),
    ...(copied.from > 0 ? [`begins with no IDR picture: its first ${copied.from} pictures are encoded`] : []),
    ...(trailing > 0 ? [`is followed by no IDR picture: its last ${trailing} pictures are encoded`] : []),
  ];
}

/** Returns the whole run. Equal jobs give equal bytes, whatever was made before. */
export async function reencodeEdges(
  { job, track, copy }: EdgeJob,
  { sessions, encoders }: { sessions: EncoderSessions; encoders: VideoEncoders<GridFrame> },
  signal: AbortSignal,
): Promise<SampleRun> {
  const { run, copied } = copy;
  const encoding = encodingLike(track);
  const rate = track.frameGrid ?? { num: track.timescale, den: 1 };
  const ticks = (track.timescale * rate.den) / rate.num;
  // A session for this call alone, closed at its end: the start of decoding depends on the segment, and a cancelled call releases its session late.
  const target = { key: job.renditionKey, input: job.input, origin: job.origin };
  const work = async (own: SessionTarget): Promise<SampleRun> => {
    const grid = await sessions.videoGrid(own, { ...encoding, frameRate: rate });
    const source = { grid, track: encoding, encoder: encoders.get(encoding.encoder) };
    const encodeEdge = (samples: Sample[]) => encodeSamples(source, { samples, ticks }, signal);
    const head = await encodeEdge(run.samples.slice(0, copied.from));
    const tail = await encodeEdge(run.samples.slice(copied.to));
    return { ...run, samples: [...head, ...run.samples.slice(copied.from, copied.to), ...tail] };
  };
  return sessions.runAlone(target, work, signal);
}

/** Encodes the same pictures at the same times, the first as an IDR picture. `ticks`: the duration of a frame of the grid. */
async function encodeSamples(
  source: GroupSource<GridFrame>,
  { samples, ticks }: { samples: Sample[]; ticks: number },
  signal: AbortSignal,
): Promise<Sample[]> {
  if (samples.length === 0) return [];
  const times = samples.map(({ pts }) => pts).toSorted((a, b) => a - b);
  const numbers = times.map((time) => Math.round(time / ticks));
  // Decoding begins with the keyframe before: an open group needs it, and so does a picture that is wrongly marked as a keyframe.
  await source.grid.frame((numbers[0] ?? 0) - 1, signal);
  const encoded = await encodeGroup(source, { numbers, isInsert: true, header: undefined }, signal);
  return encoded.map(({ index, ...picture }) => ({ ...picture, pts: times[index] ?? 0 }));
}

/** Encoder parameters for pictures of the source's shape. Without B-frames, no picture is delayed before the copied pictures that follow. */
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
    // A player waits for one long group as a whole, and gives up after 10 s.
    fastPresetEnd: Infinity,
  };
}
