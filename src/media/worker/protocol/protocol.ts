// The words between the server and a media worker. Every job is whole in itself: any worker can do it, at any time, with the same result.
import type { MediaInput } from '../../../sources/port/source.ts';
import type { SourceTracks } from '../../model/description.ts';
import type {
  CopiedAudio,
  CopiedVideo,
  EncodedAudio,
  EncodedVideo,
  Origin,
  SegmentFormat,
  SilentAudio,
  Splices,
  VideoCut,
} from '../../model/rendition-track.ts';

/** A source as workers read it. */
export type WorkerInput = MediaInput & { splices?: Splices | undefined };

export interface SegmentJob {
  kind: 'segment';
  input: WorkerInput;
  origin: Origin;
  format: SegmentFormat;
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
  /** The answer to `query-buffered`; infinity: to the end of the source. */
  | { type: 'buffered'; id: number; end: number }
  /** Asks whether it is there; answered with `here`. */
  | { type: 'ping' };

export type WorkerReply =
  | { type: 'ready' }
  | { type: 'here' }
  /** Asks up to which byte a published source is buffered from `start` on. */
  | { type: 'query-buffered'; id: number; url: string; start: number }
  | { type: 'done'; id: number; result: WorkerResults[keyof WorkerResults] }
  | { type: 'failed'; id: number; code: string; message: string; detail: string | undefined };
