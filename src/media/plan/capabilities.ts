// What a client plays, as a document: `planDelivery` decides by it which renditions exist. The four clients of today are four documents.
import type { SegmentFormat } from '../model/rendition-track.ts';

export interface Capabilities {
  /** Muxed renditions are named after it: `muxed-0`. */
  name: string;
  format: SegmentFormat;
  /** `separate`: renditions of video and of audio, which the player combines. `muxed`: every rendition holds the video and one audio track. */
  layout: 'separate' | 'muxed';
  video: {
    /** Undefined: video is always encoded. */
    copies: VideoCopies | undefined;
    encodes: VideoEncodes;
  };
  audio: {
    /** Undefined: audio is always encoded. */
    copies: { maxChannels: number } | undefined;
    /** The client plays no video without audio: silence takes the place of a missing track. */
    isRequired: boolean;
  };
}

/** Which video the client decodes as it is in the source. */
export interface VideoCopies {
  codecs: readonly string[];
  /** Undefined: any. */
  bitDepth: number | undefined;
  /** Undefined: any. */
  chroma: string | undefined;
  /** H.264 level_idc. */
  maxLevel: number;
  /** Every segment must begin with an IDR picture: those before a recovery point that is none are encoded. */
  startsWithIdr: boolean;
  /** How long the first frame may stand before the second. */
  maxHoldSeconds: number;
  minFrameRate: number;
}

export interface VideoEncodes {
  /** All rungs up to the size of the source, or the largest one that the client decodes. */
  rungs: 'ladder' | 'largest';
  /** H.264 level_idc. */
  maxLevel: number;
  bFrames: number;
  crf: number;
  /** Of the rung's maximum. */
  bitRateFactor: number;
  /** The first segments are encoded with less effort, so that playback starts early. */
  startsFast: boolean;
}

const CRF = 23;

/** Without B-frames hls.js presents MPEG-TS exactly, wherever it starts. */
const TRANSPORT_STREAM_ENCODES = {
  rungs: 'largest',
  bFrames: 0,
  crf: CRF,
  bitRateFactor: 1,
  startsFast: true,
} as const;

const TRANSPORT_STREAM_COPIES = {
  codecs: ['h264'],
  bitDepth: 8,
  chroma: '4:2:0',
  startsWithIdr: true,
  /** The clock of MPEG-TS comes with the frames: a longer stand would stop it. */
  maxHoldSeconds: 1,
  /** Players of MPEG-TS that find a single frame in a segment do not learn its size. */
  minFrameRate: 2,
} as const;

/** The multivariant playlist: the player knows its codecs, and chooses by the playlist's. */
export const MULTIVARIANT: Capabilities = {
  name: 'multivariant',
  format: 'cmaf',
  layout: 'separate',
  video: {
    copies: {
      codecs: ['h264', 'hevc', 'vp9', 'av1'],
      bitDepth: undefined,
      chroma: undefined,
      maxLevel: Infinity,
      startsWithIdr: false,
      maxHoldSeconds: Infinity,
      minFrameRate: 0,
    },
    encodes: { rungs: 'ladder', maxLevel: Infinity, bFrames: 3, crf: CRF, bitRateFactor: 1, startsFast: true },
  },
  audio: { copies: { maxChannels: 6 }, isRequired: false },
};

/** `stream/child.m3u8`: what every HLS player of the last ten years plays. */
export const MUXED: Capabilities = {
  name: 'muxed',
  format: 'mpegts',
  layout: 'muxed',
  video: {
    copies: { ...TRANSPORT_STREAM_COPIES, maxLevel: Infinity },
    encodes: { ...TRANSPORT_STREAM_ENCODES, maxLevel: Infinity },
  },
  audio: { copies: { maxChannels: 6 }, isRequired: false },
};

/** Every Chromecast, from the first one on: H.264 up to High profile and level 4.1, AAC-LC in stereo (Google Cast, supported media). */
export const CAST: Capabilities = {
  name: 'cast',
  format: 'mpegts',
  layout: 'muxed',
  video: {
    copies: { ...TRANSPORT_STREAM_COPIES, maxLevel: 41 },
    encodes: { ...TRANSPORT_STREAM_ENCODES, maxLevel: 41 },
  },
  audio: { copies: { maxChannels: 2 }, isRequired: true },
};

/** A clip, a file to keep: closer to the source than what is streamed. */
export const CLIP: Capabilities = {
  name: 'clip',
  format: 'cmaf',
  layout: 'muxed',
  video: {
    copies: undefined,
    encodes: { rungs: 'largest', maxLevel: Infinity, bFrames: 3, crf: 18, bitRateFactor: 3, startsFast: false },
  },
  audio: { copies: undefined, isRequired: false },
};
