// Encodes the video and audio of one time span in parallel, in the session of the rendition.
import type { EncodedAudio, EncodedVideo, Origin } from '../model/rendition-track.ts';
import type { SampleRun } from '../model/samples.ts';
import { encodeSegment } from './encode/encode-group.ts';
import type { EncoderSessions, SessionTarget } from './sessions/encoder-sessions.ts';
import type { VideoEncoders } from './encode/video-encoder.ts';
import { encodeAudio } from './libav/audio/encoded-audio.ts';
import type { GridFrame } from './libav/video/video-frame-grid.ts';
import type { EncoderHeader, WorkerInput } from './protocol/protocol.ts';

export interface EncodeTools {
  sessions: EncoderSessions;
  encoders: VideoEncoders<GridFrame>;
  /** Parameter sets of the encoders in use, by rendition key: equal for every segment. */
  headers: Map<string, EncoderHeader>;
}

export interface Runs {
  video: SampleRun | undefined;
  audio: SampleRun | undefined;
}

export interface EncodeRequest {
  renditionKey: string;
  input: WorkerInput;
  origin: Origin;
  /** `start` and `end` are ticks of `frameRate.num`. */
  video: { track: EncodedVideo; start: number; end: number } | undefined;
  /** `start` and `end` are samples. */
  audio: { track: EncodedAudio; start: number; end: number } | undefined;
}

export async function encodedRuns(request: EncodeRequest, tools: EncodeTools, signal: AbortSignal): Promise<Runs> {
  const { renditionKey, input, origin, video, audio } = request;
  if (!video && !audio) return { video: undefined, audio: undefined };
  const { sessions } = tools;
  const work = async (own: SessionTarget): Promise<Runs> => {
    const encodedAudio =
      audio && encodeAudio(await sessions.audioGrid(own, audio.track), audio.track, { ...audio, signal });
    const encodedFrames = video && encodedVideo({ renditionKey, video, own }, tools, signal);
    const [videoRun, audioRun] = await Promise.all([encodedFrames, encodedAudio]);
    return { video: videoRun, audio: audioRun };
  };
  return sessions.run({ key: renditionKey, input, origin }, work, signal);
}

async function encodedVideo(
  {
    renditionKey,
    video,
    own,
  }: { renditionKey: string; video: NonNullable<EncodeRequest['video']>; own: SessionTarget },
  tools: EncodeTools,
  signal: AbortSignal,
): Promise<SampleRun> {
  const { track, start, end } = video;
  const grid = await tools.sessions.videoGrid(own, track);
  const header = await headerOf(renditionKey, track, tools);
  return encodeSegment({ grid, track, encoder: tools.encoders.get(track.encoder) }, { start, end, header }, signal);
}

/** The parameter sets of a rendition's encoder. @throws AppError MEDIA_FAILED */
export async function headerOf(
  renditionKey: string,
  track: EncodedVideo,
  { headers, encoders }: Omit<EncodeTools, 'sessions'>,
): Promise<EncoderHeader> {
  const header = headers.get(renditionKey) ?? (await encoders.get(track.encoder).header(track));
  headers.set(renditionKey, header);
  return header;
}
