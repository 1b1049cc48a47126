// What a client plays, as a document. `planDelivery` derives the renditions from it. There are four clients, each with one document.
import type { SegmentFormat } from '../model/rendition-track.ts';

export interface Capabilities {
  /** The prefix of the names of muxed renditions: `muxed-0`. */
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
    /** Whether the client plays no video without audio: silence replaces a missing track. */
    isRequired: boolean;
  };
}

/** The coded video that the client decodes without an encode. */
export interface VideoCopies {
  codecs: readonly string[];
  /** Undefined: any. */
  bitDepth: number | undefined;
  /** Undefined: any. */
  chroma: string | undefined;
  /** H.264 level_idc. */
  maxLevel: number;
  /** Every segment must begin with an IDR picture: if it begins with another recovery point, the pictures up to the first IDR picture are encoded. */
  startsWithIdr: boolean;
  /** The longest time that the first frame may stay on screen. */
  maxHoldSeconds: number;
  minFrameRate: number;
}

export interface VideoEncodes {
  /** `ladder`: all rungs up to the size of the source. `largest`: the largest rung that the client decodes. */
  rungs: 'ladder' | 'largest';
  /** H.264 level_idc. */
  maxLevel: number;
  bFrames: number;
  crf: number;
  /** Factor on the rung's maximum bit rate. */
  bitRateFactor: number;
  /** Whether the first segments are encoded with less effort, so that playback starts early. */
  startsFast: boolean;
}

const CRF = 23;

/** Without B-frames, hls.js presents MPEG-TS at exact times from any start position. */
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
  /** The clock of MPEG-TS is sent with the frames: a longer first frame would stop it. */
  maxHoldSeconds: 1,
  /** Players of MPEG-TS cannot tell the frame size from a segment with a single frame. */
  minFrameRate: 2,
} as const;

/** The multivariant playlist: the player knows which codecs it decodes, and chooses variants by the stated codecs. */
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

/** `stream/child.m3u8`: plays on every HLS player of the last ten years. */
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

/** A clip is a file to keep: its quality is closer to the source than that of streamed renditions. */
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
