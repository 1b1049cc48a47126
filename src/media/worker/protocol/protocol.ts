// The messages between the server and a media worker. Every job is self-contained: any worker can do it, at any time, with the same result.
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

/** How workers read a source. */
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
  /** Encoder sessions that end at `number` may continue with `number + 1` of the same key. Jobs of equal keys differ in the number alone. */
  renditionKey: string;
  /** The file of the segment, complete when the job is done. A failed job leaves no file; a killed process may. */
  outputPath: string;
}

export interface DescribeJob {
  kind: 'describe';
  input: WorkerInput;
}

/** Reads the header of every packet once; for containers without an index. */
export interface ScanJob {
  kind: 'scan';
  input: WorkerInput;
  /** The video stream; without video, the audio stream to measure. */
  streamIndex: number;
  /** Other streams whose starts and ends are measured. */
  otherStreams: number[];
  /** Timestamp of the stream to begin at; undefined: the first packet. */
  fromTicks?: number;
}

/** Reads the pictures at some keyframes and reports which of them decoding can start at (IDR). */
export interface VerifyJob {
  kind: 'verify';
  input: WorkerInput;
  streamIndex: number;
  /** The configuration in the description of the track. */
  configuration: Uint8Array;
  /** Timestamps in the stream's time base. */
  keyframes: number[];
}

/** Encodes a part of a clip and writes its samples one after the other: first video, then audio. */
export interface ClipPieceJob {
  kind: 'clip-piece';
  input: WorkerInput;
  origin: Origin;
  /** Equal for all pieces of one clip, so that decoders continue from one piece to the next. */
  renditionKey: string;
  /** `start` and `end` are ticks of `frameRate.num`. */
  video: { track: EncodedVideo; start: number; end: number } | undefined;
  /** `start` and `end` are samples; their distance is a whole number of AAC frames. */
  audio: { track: EncodedAudio; start: number; end: number } | undefined;
  /** An existing file, and the byte where the samples begin. */
  outputPath: string;
  position: number;
}

/** Asks for the parameter sets that an encoder of this track writes (avcC record). */
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
  /** Size of each sample in bytes. */
  sizes: number[];
  /** Presentation time of each sample, in ticks or audio samples of the presentation. */
  times: number[];
  /** Indexes of the sync samples. */
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
  /** Start of the track's first presented frame, ticks. */
  startTicks: number;
  /** End of the track's last frame, ticks. */
  endTicks: number;
  /** Bytes of the track's frames before each keyframe, then one more entry: all bytes. */
  keyframeBytes: number[];
  /** First timestamp of each of the other tracks, in its own ticks. */
  starts: Map<number, number>;
  /** Whether an edit list hides frames of the track. */
  hasHidden: boolean;
  /** End of the last frame of any track, on the demuxer's clock. */
  endSeconds: number;
  /** Largest (position in decode order - position in presentation order). */
  reorderFrames: number;
  /** Whether the parameter sets change within the track. */
  hasChanges: boolean;
  /** Whether packets of the track lack presentation times. */
  hasUntimed: boolean;
  /** Greatest number of ticks that divides the distances of all frames in decode order; 0 when there are too few frames. */
  stepTicks: number;
  /** The splices under which the other values were measured. */
  splices: Splices | undefined;
}

export interface VerifyResult {
  /** One for each keyframe of the job. */
  isStart: boolean[];
  /** Whether one of the keyframes carries other parameter sets than the configuration of the track. */
  hasChanges: boolean;
}

export interface EncoderHeader {
  configuration: Uint8Array;
}

/** The result of each kind of job. */
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
  /** Checks that the worker responds; answered with `here`. */
  | { type: 'ping' };

export type WorkerReply =
  | { type: 'ready' }
  | { type: 'pong' }
  /** Asks up to which byte a published source is buffered from `start` on. */
  | { type: 'query-buffered'; id: number; url: string; start: number }
  | { type: 'done'; id: number; result: WorkerResults[keyof WorkerResults] }
  | { type: 'failed'; id: number; code: string; message: string; detail: string | undefined };
