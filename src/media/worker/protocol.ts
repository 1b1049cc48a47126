// The words between the server and a media worker. Every job is whole in itself: any worker can do it, at any time, with the same result.
import type { Rational } from '../../base/rational.ts';
import type { MediaInput } from '../../sources/source.ts';
import type { ColorDescription, SourceTracks } from '../description.ts';

/** The demuxer timestamp that is the presentation's zero. */
export interface Origin {
  ticks: number;
  timeBase: Rational;
}

/** Streams that go on under other numbers on the way, as after a new program map in MPEG-TS, or on another clock. */
export interface Splices {
  /** The number that packets have, and the number of the stream they continue. */
  continuations: [number: number, continued: number][];
  /** Ascending: timestamps of packets that begin at this byte or later are moved by so many ticks of 90 kHz. */
  clock: [byte: number, ticks: number][];
  /** Ascending: at this time of the demuxer's clock, so moved, seconds, a keyframe begins at this byte of the source. */
  places: [seconds: number, byte: number][];
}

/** A source as workers read it. */
export type WorkerInput = MediaInput & { splices?: Splices | undefined };

export interface CopiedVideo {
  kind: 'copied';
  streamIndex: number;
  codec: string;
  /** Ticks per second of the segment's timeline. */
  timescale: number;
  /** Constant rate whose grid the (rounded) timestamps are snapped to; undefined: timestamps are exact as they are. */
  frameGrid: Rational | undefined;
  /** A segment must begin with an IDR picture (MPEG-TS route, H.264): pictures that cannot be copied then are encoded. */
  mustBeIdr: boolean;
  /** Decode order to presentation order delay of the source, frames. Used by MPEG-TS only. */
  reorderFrames: number;
  frameRate: Rational;
  /** Parameter sets for MPEG-TS (avcC record). */
  configuration: Uint8Array;
}

export interface EncodedVideo {
  kind: 'encoded';
  streamIndex: number;
  /** Timestamps of the packets are decode times: pictures come in their order, and are shown as late as the decoder is. */
  hasDecodeTimesOnly: boolean;
  /** Constant rate of the encoded frames; the timescale is its numerator. */
  frameRate: Rational;
  /** The last frame that the source has a picture of its own for; it stands to the end. */
  lastFrame: number;
  width: number;
  height: number;
  /** Of the encoded pictures. */
  sampleAspectRatio: Rational;
  deinterlace: boolean;
  rotationDegrees: 0 | 90 | 180 | 270;
  /** Of the encoded pictures; matrix 2: the source's own. */
  color: ColorDescription;
  /** Of the source's pictures that do not state it themselves. */
  sourceColor: ColorDescription;
  crf: number;
  maxBitRate: number;
  bFrames: number;
  /** H.264 level_idc. */
  level: number;
  /** Segments that begin before this tick are encoded with less effort: whoever starts the film waits for them. */
  quickEnd: number;
}

export interface CopiedAudio {
  kind: 'copied';
  streamIndex: number;
  /** The stream that the demuxer finds its way by. */
  seekStream: number;
  sampleRate: number;
  channels: number;
  /** Samples in one coded frame; timestamps near this grid are snapped to it. */
  frameSamples: number;
  /** First packet's demuxer timestamp: the phase of the frame grid. */
  startTicks: number;
  configuration: Uint8Array;
}

export interface EncodedAudio {
  kind: 'encoded';
  streamIndex: number;
  /** The stream that the demuxer finds its way by. */
  seekStream: number;
  sampleRate: number;
  channels: number;
  bitRate: number;
  /** First packet's demuxer timestamp: the phase of the source's own frame grid. */
  startTicks: number;
}

/** Sound where the source has none: some devices do not play a picture alone. */
export interface SilentAudio {
  kind: 'silent';
  sampleRate: number;
  channels: number;
}

/** What a copied segment is cut from: demuxer timestamps of its keyframe and of the next segment's (undefined: to the end). */
export interface VideoCut {
  fromTicks: number;
  toTicks: number | undefined;
}

export interface SegmentJob {
  kind: 'segment';
  input: WorkerInput;
  origin: Origin;
  format: 'cmaf' | 'mpegts';
  number: number;
  /** `start` and `end` are ticks of the track's timescale (copied: `timescale`; encoded: `frameRate.num`). `cut` for copied video only. */
  video: { track: CopiedVideo | EncodedVideo; start: number; end: number; cut: VideoCut | undefined } | undefined;
  /** `start` and `end` are samples. */
  audio: { track: CopiedAudio | EncodedAudio | SilentAudio; start: number; end: number } | undefined;
  /** Encoders that end at `number` may continue with `number + 1` of the same key. Equal keys mean equal everything but the number. */
  renditionKey: string;
  /** The segment is written here, and whole when the job is done; nothing is left here on failure, but by a process that dies. */
  outputPath: string;
}

export interface DescribeJob {
  kind: 'describe';
  input: WorkerInput;
}

/** Reads every packet's header once; for containers that keep no index. */
export interface ScanJob {
  kind: 'scan';
  input: WorkerInput;
  /** The video; without one, the sound that is measured. */
  streamIndex: number;
  /** Other tracks whose starts and ends count. */
  otherStreams: number[];
  /** Of the track, where to begin; undefined: with the first packet. */
  fromTicks?: number;
}

/** Looks at the pictures at some keyframes: which of them start a decodable sequence on their own (IDR). */
export interface VerifyJob {
  kind: 'verify';
  input: WorkerInput;
  streamIndex: number;
  /** As the track is described. */
  configuration: Uint8Array;
  /** Timestamps in the stream's time base. */
  keyframes: number[];
}

/** A stretch of a clip, encoded, its samples written one after the other: first the pictures, then the sound. */
export interface ClipPieceJob {
  kind: 'clip-piece';
  input: WorkerInput;
  origin: Origin;
  /** Equal for the pieces of one clip: decoders go on from one to the next. */
  renditionKey: string;
  /** `start` and `end` are ticks of `frameRate.num`. */
  video: { track: EncodedVideo; start: number; end: number } | undefined;
  /** `start` and `end` are samples, whole AAC frames apart. */
  audio: { track: EncodedAudio; start: number; end: number } | undefined;
  /** A file that exists, and the byte where the samples begin. */
  outputPath: string;
  position: number;
}

/** The parameter sets an encoder of this shape will write (avcC record). */
export interface EncoderHeaderJob {
  kind: 'encoder-header';
  track: EncodedVideo;
}

export type WorkerJob = SegmentJob | ClipPieceJob | DescribeJob | ScanJob | VerifyJob | EncoderHeaderJob;

export interface SegmentResult {
  sizeBytes: number;
}

/** Coded samples in decode order. */
export interface ClipSamples {
  /** Bytes. */
  sizes: number[];
  /** Presentation times, ticks or samples of the presentation. */
  times: number[];
  /** Indexes of those that decoding can begin with. */
  syncs: number[];
}

export interface ClipPieceResult {
  video: ClipSamples;
  audio: ClipSamples;
}

export interface ScanResult {
  /** Ascending presentation timestamps in the track's time base. */
  keyframes: number[];
  frameCount: number;
  /** The track's first frame that is shown, ticks. */
  startTicks: number;
  /** End of the track's last frame, ticks. */
  endTicks: number;
  /** Bytes of the track's frames before each keyframe, and one entry more: all of them. */
  keyframeBytes: number[];
  /** First timestamp of each of the other tracks, in its own ticks. */
  starts: Map<number, number>;
  /** Whether an edit list hides frames of the track. */
  hasHidden: boolean;
  /** End of the last frame of any track, on the demuxer's clock. */
  endSeconds: number;
  /** Largest (position in decode order - position in presentation order). */
  reorderFrames: number;
  /** Whether the track goes on under other parameter sets on the way. */
  hasChanges: boolean;
  /** Whether packets of the track do not say when they are shown. */
  hasUntimed: boolean;
  /** Largest number of ticks that divides the distances of all frames, in decode order; 0: there are too few. */
  stepTicks: number;
  /** What the other numbers hold for was measured with them. */
  splices: Splices | undefined;
}

export interface VerifyResult {
  /** One for each keyframe asked about. */
  isStart: boolean[];
  /** Whether one of them brings other parameter sets than the track begins with. */
  hasChanges: boolean;
}

export interface EncoderHeader {
  configuration: Uint8Array;
  codecString: string;
}

/** What each kind of job answers. */
export interface WorkerResults {
  segment: SegmentResult;
  'clip-piece': ClipPieceResult;
  describe: SourceTracks;
  scan: ScanResult;
  verify: VerifyResult;
  'encoder-header': EncoderHeader;
}

export type WorkerRequest =
  | { type: 'job'; id: number; job: WorkerJob }
  | { type: 'cancel'; id: number }
  | { type: 'release'; renditionKey: string }
  /** The answer to `ask-near`; infinity: to the end of the source. */
  | { type: 'near'; id: number; end: number }
  /** Asks whether it is there; answered with `here`. */
  | { type: 'ping' };

export type WorkerReply =
  | { type: 'ready' }
  | { type: 'here' }
  /** Asks how far the bytes of a published source lie in the server's memory, from `start` on. */
  | { type: 'ask-near'; id: number; url: string; start: number }
  | { type: 'done'; id: number; result: WorkerResults[keyof WorkerResults] }
  | { type: 'failed'; id: number; code: string; message: string; detail: string | undefined };
