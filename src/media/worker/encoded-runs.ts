// Encoded video and audio of one stretch, at the same time, in the session of its rendition.
import type { EncodedAudio, EncodedVideo, Origin } from '../model/rendition-track.ts';
import type { SampleRun } from '../model/samples.ts';
import { encodeSegment } from './encode/encode-group.ts';
import type { EncoderSessions } from './sessions/encoder-sessions.ts';
import type { VideoEncoders } from './encode/video-encoder.ts';
import { encodeAudio } from './libav/audio/encoded-audio.ts';
import type { GridFrame } from './libav/video/video-frame-grid.ts';
import type { EncoderHeader, WorkerInput } from './protocol/protocol.ts';

export interface EncodeTools {
  sessions: EncoderSessions;
  encoders: VideoEncoders<GridFrame>;
  /** Parameter sets of the encoders at work, by rendition key: they are the same for every segment. */
  headers: Map<string, EncoderHeader>;
}

export interface Runs {
  video: SampleRun | undefined;
  audio: SampleRun | undefined;
}

export interface Stretch {
  renditionKey: string;
  input: WorkerInput;
  origin: Origin;
  /** `start` and `end` are ticks of `frameRate.num`. */
  video: { track: EncodedVideo; start: number; end: number } | undefined;
  /** `start` and `end` are samples. */
  audio: { track: EncodedAudio; start: number; end: number } | undefined;
}

export async function encodedRuns(stretch: Stretch, tools: EncodeTools, signal: AbortSignal): Promise<Runs> {
  const { renditionKey, input, origin, video, audio } = stretch;
  if (!video && !audio) return { video: undefined, audio: undefined };
  const { sessions } = tools;
  const place = { key: renditionKey, input, origin };
  const work = async (): Promise<Runs> => {
    const sound = audio && encodeAudio(await sessions.sound(place, audio.track), audio.track, { ...audio, signal });
    const pictures = video && encodedVideo({ ...stretch, video }, tools, signal);
    const [videoRun, audioRun] = await Promise.all([pictures, sound]);
    return { video: videoRun, audio: audioRun };
  };
  return sessions.run(place, work, signal);
}

async function encodedVideo(
  { renditionKey, input, origin, video }: Stretch & { video: NonNullable<Stretch['video']> },
  tools: EncodeTools,
  signal: AbortSignal,
): Promise<SampleRun> {
  const { track, start, end } = video;
  const grid = await tools.sessions.pictures({ key: renditionKey, input, origin }, track);
  const header = await headerOf(renditionKey, track, tools);
  return encodeSegment({ grid, track, encoder: tools.encoders.get(track.encoder) }, { start, end, header }, signal);
}

/** The parameter sets of a rendition's encoder. */
export async function headerOf(
  renditionKey: string,
  track: EncodedVideo,
  { headers, encoders }: Omit<EncodeTools, 'sessions'>,
): Promise<EncoderHeader> {
  const header = headers.get(renditionKey) ?? (await encoders.get(track.encoder).header(track));
  headers.set(renditionKey, header);
  return header;
}
