// The tracks of renditions: whether a track is copied or encoded, on which timeline, with which parameters.
import type { Rational } from '../../base/rational.ts';
import type { ColorDescription } from './description.ts';

/** How the segments of a rendition are packaged: fragmented MP4 (CMAF), or MPEG-TS. */
export type SegmentFormat = 'cmaf' | 'mpegts';

/** The identity of a rendition for segment stores. */
export interface StoredRendition {
  /** Id of the source. */
  sourceId: string;
  /** The `renditionKey` of its jobs. The key includes the source: equal keys mean equal segments. */
  key: string;
  format: SegmentFormat;
}

/** The demuxer timestamp that is the presentation's zero. */
export interface Origin {
  ticks: number;
  timeBase: Rational;
}

/** Where streams continue under other numbers, as after a new program map in MPEG-TS, or on another clock. */
export interface Splices {
  /** The stream number of the packets, and the number of the stream that they continue. */
  continuations: [number: number, continued: number][];
  /** Ascending: timestamps of packets that begin at this byte or later are shifted by so many ticks of 90 kHz. */
  clock: [byte: number, ticks: number][];
  /** Ascending: at this time of the shifted demuxer clock, in seconds, a keyframe begins at this byte of the source. */
  places: [seconds: number, byte: number][];
  /** MP4 tracks whose edit list presents several pieces, by stream number. */
  pieces?: [number: number, pieces: EditListEntry[]][];
}

/** A piece of a track, as its edit list presents it. */
export interface EditListEntry {
  /** Positions in the source of its first and its last sample in decode order; the edit may begin and end within these. */
  bytes: [first: number, last: number];
  /** `[start, end)` in the presentation, ticks of the track. */
  ticks: [start: number, end: number];
  /** Ticks from libavformat's times to those of the presentation. */
  added: number;
}

export interface CopiedVideo {
  kind: 'copied';
  streamIndex: number;
  codec: string;
  /** Ticks per second of the segment's timeline. */
  timescale: number;
  /** Constant rate whose grid the (rounded) timestamps are snapped to; undefined: timestamps are exact. */
  frameGrid: Rational | undefined;
  /** A segment must begin with an IDR picture (muxed route, H.264): pictures that cannot be copied for this reason are encoded. */
  mustBeIdr: boolean;
  /** The source's delay from decode order to presentation order, frames. Used by MPEG-TS only. */
  reorderFrames: number;
  frameRate: Rational;
  /** Parameter sets for MPEG-TS (avcC record). */
  configuration: Uint8Array;
}

/** Id of the only video encoder. */
export const X264 = 'x264';

export interface EncodedVideo {
  kind: 'encoded';
  /** Id of the video encoder: part of every rendition key, since other encoders give other bytes. */
  encoder: string;
  streamIndex: number;
  /** Packet timestamps are decode times: frames take these times in the order in which the decoder outputs the frames. */
  hasDecodeTimesOnly: boolean;
  /** Constant rate of the encoded frames; the timescale is its numerator. */
  frameRate: Rational;
  /** The last frame with video of its own in the source; it stays on screen to the end. */
  lastFrame: number;
  width: number;
  height: number;
  /** Of the encoded frames. */
  sampleAspectRatio: Rational;
  deinterlace: boolean;
  rotationDegrees: 0 | 90 | 180 | 270;
  /** Colour of the encoded frames; matrix 2: the source's own. */
  color: ColorDescription;
  /** Colour of source frames that state none. */
  sourceColor: ColorDescription;
  crf: number;
  maxBitRate: number;
  bFrames: number;
  /** H.264 level_idc. */
  level: number;
  /** Segments that begin before this tick are encoded with less effort: a viewer that starts playback waits for them. */
  fastPresetEnd: number;
}

export interface CopiedAudio {
  kind: 'copied';
  streamIndex: number;
  /** The stream whose timestamps or index a seek uses. */
  seekStream: number;
  sampleRate: number;
  channels: number;
  /** Samples in one coded frame; timestamps close to this grid are snapped to it. */
  frameSamples: number;
  /** First packet's demuxer timestamp: the phase of the frame grid. */
  startTicks: number;
  configuration: Uint8Array;
}

export interface EncodedAudio {
  kind: 'encoded';
  streamIndex: number;
  /** The stream whose timestamps or index a seek uses. */
  seekStream: number;
  sampleRate: number;
  channels: number;
  bitRate: number;
  /** First packet's demuxer timestamp: the phase of the source's own frame grid. */
  startTicks: number;
}

/** Silence for a source without audio: some devices play no video without audio. */
export interface SilentAudio {
  kind: 'silent';
  sampleRate: number;
  channels: number;
}

/** The cut of a copied segment: demuxer timestamps of its keyframe and of the next segment's (undefined: to the end). */
export interface VideoCut {
  fromTicks: number;
  toTicks: number | undefined;
}
