// One segment from one job: the samples of its tracks, copied or encoded, packaged and put in place.
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { parseAvcConfiguration } from '../bitstream/avc-configuration.ts';
import type { MediaInput } from '../../sources/port/source.ts';
import { aacLcConfig } from '../bitstream/audio-specific-config.ts';
import { mediaSegment } from '../fmp4/media-segment.ts';
import { tsSegment } from '../mpegts/ts-segment.ts';
import type { TsVideo } from '../mpegts/ts-segment.ts';
import { AAC_FRAME_SAMPLES, withFineTicks, type Sample, type SampleRun } from '../model/samples.ts';
import { collect } from './copy/copied-tracks.ts';
import { CopiedAudioCollector } from './copy/copied-audio.ts';
import { CopiedVideoCollector, type CopiedPictures } from './copy/copied-video.ts';
import type { Demuxers } from './sessions/demuxers.ts';
import type { Demuxer } from './libav/demux/demuxer.ts';
import { encodeSound, silentFrame } from './libav/audio/encoded-audio.ts';
import { encodedRuns, headerOf, type EncodeTools, type Runs, type Stretch } from './encoded-runs.ts';
import { isWhole, mend, wordsOn } from './copy/mended-video.ts';
import type { CopiedAudio, EncodedAudio } from '../model/rendition-track.ts';
import type { EncoderHeader, SegmentJob, SegmentResult } from './protocol/protocol.ts';
import { writeParts } from './write-parts.ts';

/** Of encoded sound that stands in for copied one. */
const BIT_RATE_PER_CHANNEL = 96_000;

export interface SegmentTools extends EncodeTools {
  demuxers: Demuxers;
  /** Hears of what had to be done otherwise than planned. */
  say: (line: string) => void;
}

/** Makes the segment; nothing is left at `outputPath` on failure. */
export async function makeSegment(job: SegmentJob, tools: SegmentTools, signal: AbortSignal): Promise<SegmentResult> {
  const copied = await copiedRuns(job, tools, signal);
  const encoded = await encodedRuns({ ...job, ...encodedTracks(job) }, tools, signal);
  const audio = copied.audio ?? encoded.audio ?? (await silentRun(job));
  const runs = { video: copied.video ?? encoded.video, audio };
  const parts = await packaged(job, runs, tools);
  signal.throwIfAborted();
  try {
    return { sizeBytes: await writeParts(job.outputPath, parts) };
  } catch (error) {
    await rm(job.outputPath, { force: true });
    throw error;
  }
}

interface Copied {
  pictures: CopiedPictures | undefined;
  audio: SampleRun | undefined;
  /** The track begins before the place where the demuxer could be sent to. */
  lacksAudio: boolean;
}

/** Everything that is copied comes from one pass over the source. */
async function copiedRuns(job: SegmentJob, tools: SegmentTools, signal: AbortSignal): Promise<Runs> {
  const video = job.video?.track.kind === 'copied' ? { wish: job.video, track: job.video.track } : undefined;
  const audio = job.audio?.track.kind === 'copied' ? { span: job.audio, track: job.audio.track } : undefined;
  if (!video && !audio) return { video: undefined, audio: undefined };
  const streams = [
    ...(video ? [video.track.streamIndex] : []),
    ...(audio ? [audio.track.streamIndex, audio.track.seekStream] : []),
  ];
  const cut = async (demuxer: Demuxer, isAtBeginning: boolean): Promise<Copied> => {
    await demuxer.require(streams);
    const pictures = video && new CopiedVideoCollector(demuxer, video.track, video.wish);
    const sound = audio && new CopiedAudioCollector(demuxer, audio.track, { span: audio.span, origin: job.origin });
    await collect(
      demuxer,
      { video: pictures, audio: sound, startSeconds: startSeconds(job), isAtBeginning },
      { origin: job.origin, signal },
    );
    return {
      pictures: video && pictures?.pictures(demuxer.stream(video.track.streamIndex).timeBase, job.origin),
      audio: audio && !sound?.isForeign ? await sound?.run(() => silentFrame(audio.track)) : undefined,
      // With pictures only the first segment may begin before the first of them.
      lacksAudio: (!video || job.video?.start === 0) && (sound?.cameTooLate ?? false),
    };
  };
  const sought = await tools.demuxers.use(job.input, (demuxer) => cut(demuxer, false), signal);
  const { pictures, audio: copied } = sought.lacksAudio
    ? await tools.demuxers.useFresh(job.input, (demuxer) => cut(demuxer, true), signal)
    : sought;
  const sound = copied ?? (audio && (await alike(job, audio, { tools, signal })));
  if (!video || !pictures) return { video: undefined, audio: sound };
  for (const words of wordsOn(pictures)) tools.say(`part ${job.number} of ${nameOf(job.input)} ${words}`);
  const run = isWhole(pictures) ? pictures.run : await mend({ job, track: video.track, pictures }, tools, signal);
  return { video: run, audio: sound };
}

/** Sound of another configuration than its track's, encoded to that one. */
async function alike(
  job: SegmentJob,
  { track, span }: { track: CopiedAudio; span: { start: number; end: number } },
  { tools: { sessions, say }, signal }: { tools: SegmentTools; signal: AbortSignal },
): Promise<SampleRun> {
  const { streamIndex, seekStream, sampleRate, channels, startTicks } = track;
  const bitRate = BIT_RATE_PER_CHANNEL * channels;
  const encoded: EncodedAudio = { kind: 'encoded', streamIndex, seekStream, sampleRate, channels, startTicks, bitRate };
  say(`part ${job.number} of ${nameOf(job.input)} has sound of another configuration: it is encoded`);
  // A session of its own, which no other job waits for.
  const place = { key: `${job.renditionKey} ${job.number} ${randomUUID()}`, input: job.input, origin: job.origin };
  const work = async () => encodeSound(await sessions.sound(place, encoded), encoded, { ...span, signal });
  try {
    return await sessions.run(place, work, signal);
  } finally {
    await sessions.release(place.key);
  }
}

function nameOf(input: MediaInput): string {
  return input.kind === 'file' ? input.path : 'a remote source';
}

function startSeconds(job: SegmentJob): number {
  if (job.video?.track.kind === 'copied') return job.video.start / job.video.track.timescale;
  return (job.audio?.start ?? 0) / (job.audio?.track.sampleRate ?? 1);
}

async function silentRun({ audio }: SegmentJob): Promise<SampleRun | undefined> {
  if (audio?.track.kind !== 'silent') return undefined;
  const { track, start, end } = audio;
  const data = await silentFrame(track);
  const samples: Sample[] = [];
  for (let pts = start; pts < end; pts += AAC_FRAME_SAMPLES) samples.push({ data, pts, isSync: true });
  return { timescale: track.sampleRate, start, end, samples };
}

async function packaged(job: SegmentJob, runs: Runs, tools: SegmentTools): Promise<Uint8Array[]> {
  if (job.format === 'mpegts') {
    const segment = tsSegment({
      ...(runs.video && job.video ? { video: tsVideo(job.video, runs.video, await encoderHeader(job, tools)) } : {}),
      ...(runs.audio && job.audio ? { audio: { run: runs.audio, configuration: aacConfiguration(job.audio) } } : {}),
      isFirst: job.number === 0,
    });
    return [segment];
  }
  const run = runs.video ?? runs.audio;
  if (!run) throw new TypeError('a segment needs video or audio');
  return mediaSegment({ sequenceNumber: job.number + 1, trackId: 1, run: runs.video ? withFineTicks(run) : run });
}

function tsVideo(video: NonNullable<SegmentJob['video']>, run: SampleRun, header: EncoderHeader | undefined): TsVideo {
  const { track } = video;
  const configuration = track.kind === 'copied' ? track.configuration : (header?.configuration ?? new Uint8Array(0));
  const { sps, pps } = parseAvcConfiguration(configuration);
  const reorderFrames = track.kind === 'copied' ? track.reorderFrames : track.bFrames;
  const reorderTicks = Math.round((reorderFrames * 90_000 * track.frameRate.den) / track.frameRate.num);
  return { codec: 'h264', run, parameterSets: [...sps, ...pps], reorderTicks };
}

function encodedTracks({ video, audio }: SegmentJob): Pick<Stretch, 'video' | 'audio'> {
  return {
    video: video?.track.kind === 'encoded' ? { ...video, track: video.track } : undefined,
    audio: audio?.track.kind === 'encoded' ? { ...audio, track: audio.track } : undefined,
  };
}

async function encoderHeader(
  { video, renditionKey }: SegmentJob,
  tools: SegmentTools,
): Promise<EncoderHeader | undefined> {
  return video?.track.kind === 'encoded' ? headerOf(renditionKey, video.track, tools) : undefined;
}

function aacConfiguration(audio: NonNullable<SegmentJob['audio']>): Uint8Array {
  return audio.track.kind === 'copied'
    ? audio.track.configuration
    : aacLcConfig(audio.track.sampleRate, audio.track.channels);
}
