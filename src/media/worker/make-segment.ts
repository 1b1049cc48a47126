// Makes one segment from one job: copies or encodes the samples of its tracks, packages them and writes the file.
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
import { CopiedVideoCollector, type CopiedVideoRun } from './copy/copied-video.ts';
import type { Demuxers } from './sessions/demuxers.ts';
import type { Demuxer } from './libav/demux/demuxer.ts';
import { encodeAudio, silentFrame } from './libav/audio/encoded-audio.ts';
import { encodedRuns, headerOf, type EncodeTools, type Runs, type EncodeRequest } from './encoded-runs.ts';
import { isFullyCopied, reencodeEdges, describeEdges } from './copy/reencode-edges.ts';
import type { CopiedAudio, EncodedAudio } from '../model/rendition-track.ts';
import type { EncoderHeader, SegmentJob, SegmentResult } from './protocol/protocol.ts';
import type { SessionTarget } from './sessions/encoder-sessions.ts';
import { writeParts } from './write-parts.ts';

/** The bit rate of audio that is encoded although its track is copied. */
const BIT_RATE_PER_CHANNEL = 96_000;

export interface SegmentTools extends EncodeTools {
  demuxers: Demuxers;
  /** Called with a line for each deviation from the plan. */
  log: (line: string) => void;
}

/** Makes the segment; a failure leaves no file at `outputPath`. */
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
  video: CopiedVideoRun | undefined;
  audio: SampleRun | undefined;
  /** Whether audio before the reach of all seeks may be missing. */
  lacksAudio: boolean;
}

/** Copies all tracks in one pass over the source. */
async function copiedRuns(job: SegmentJob, tools: SegmentTools, signal: AbortSignal): Promise<Runs> {
  const video = job.video?.track.kind === 'copied' ? { request: job.video, track: job.video.track } : undefined;
  const audio = job.audio?.track.kind === 'copied' ? { span: job.audio, track: job.audio.track } : undefined;
  if (!video && !audio) return { video: undefined, audio: undefined };
  const streams = [
    ...(video ? [video.track.streamIndex] : []),
    ...(audio ? [audio.track.streamIndex, audio.track.seekStream] : []),
  ];
  const cut = async (demuxer: Demuxer, isAtBeginning: boolean): Promise<Copied> => {
    await demuxer.require(streams);
    const videoCollector = video && new CopiedVideoCollector(demuxer, video.track, video.request);
    const audioCollector =
      audio && new CopiedAudioCollector(demuxer, audio.track, { span: audio.span, origin: job.origin });
    const mayLackAudio = await collect(
      demuxer,
      { video: videoCollector, audio: audioCollector, startSeconds: startSeconds(job), isAtBeginning },
      { origin: job.origin, signal },
    );
    return {
      video: video && videoCollector?.result(demuxer.stream(video.track.streamIndex).timeBase, job.origin),
      audio:
        audio && !audioCollector?.changesConfiguration
          ? await audioCollector?.run(() => silentFrame(audio.track))
          : undefined,
      // With video, only the first segment may begin before the first frame.
      lacksAudio: (!video || job.video?.start === 0) && mayLackAudio,
    };
  };
  const sought = await tools.demuxers.use(job.input, (demuxer) => cut(demuxer, false), signal);
  const copied = sought.lacksAudio
    ? await tools.demuxers.useFresh(job.input, (demuxer) => cut(demuxer, true), signal)
    : sought;
  const audioRun = copied.audio ?? (audio && (await reencodeAudio(job, audio, { tools, signal })));
  if (!video || !copied.video) return { video: undefined, audio: audioRun };
  for (const edge of describeEdges(copied.video)) tools.log(`segment ${job.number} of ${nameOf(job.input)} ${edge}`);
  const run = isFullyCopied(copied.video)
    ? copied.video.run
    : await reencodeEdges({ job, track: video.track, copy: copied.video }, tools, signal);
  return { video: run, audio: audioRun };
}

/** Encodes audio whose configuration differs from the track's to the configuration of the track. */
async function reencodeAudio(
  job: SegmentJob,
  { track, span }: { track: CopiedAudio; span: { start: number; end: number } },
  { tools: { sessions, log }, signal }: { tools: SegmentTools; signal: AbortSignal },
): Promise<SampleRun> {
  const { streamIndex, seekStream, sampleRate, channels, startTicks } = track;
  const bitRate = BIT_RATE_PER_CHANNEL * channels;
  const encoded: EncodedAudio = { kind: 'encoded', streamIndex, seekStream, sampleRate, channels, startTicks, bitRate };
  log(`segment ${job.number} of ${nameOf(job.input)} has audio of another configuration: it is encoded`);
  // A session for this call alone, so that no other job waits for it.
  const target = { key: job.renditionKey, input: job.input, origin: job.origin };
  const work = async (own: SessionTarget) =>
    encodeAudio(await sessions.audioGrid(own, encoded), encoded, { ...span, signal });
  return sessions.runAlone(target, work, signal);
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

function encodedTracks({ video, audio }: SegmentJob): Pick<EncodeRequest, 'video' | 'audio'> {
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
