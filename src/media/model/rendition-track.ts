// The tracks of renditions as they are made: what is copied and what is encoded, on which timeline, with which parameters.
import type { Rational } from '../../base/rational.ts';
import type { ColorDescription } from './description.ts';

/** How the segments of a rendition are packaged: fragmented MP4 (CMAF), or MPEG-TS. */
export type SegmentFormat = 'cmaf' | 'mpegts';

/** A rendition of a source, as far as stores of segments are concerned. */
export interface StoredRendition {
  /** Id of the source. */
  sourceId: string;
  /** The `renditionKey` of its jobs. Names the source too: equal keys, equal segments. */
  key: string;
  format: SegmentFormat;
}

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

/** Id of the one video encoder there is. */
export const X264 = 'x264';

export interface EncodedVideo {
  kind: 'encoded';
  /** Id of the video encoder: part of every segment's key, since another one gives other bytes. */
  encoder: string;
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
  /** Segments that begin before this tick are encoded with less effort: a viewer that starts the film waits for them. */
  fastPresetEnd: number;
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
