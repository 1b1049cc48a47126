// The content of a source as its container states it: tracks, chapters, the shape of the video.
import type { Rational } from '../../base/rational.ts';
import type { AudioRole } from './audio-role.ts';

export interface Chapter {
  startSeconds: number;
  endSeconds: number;
  title: string;
}

/** Numbers of ISO/IEC 23091-2 (CICP); 2 means "unspecified". */
export interface ColorDescription {
  primaries: number;
  transfer: number;
  matrix: number;
  fullRange: boolean;
}

export interface VideoTrack {
  /** Number of the stream in the demuxer: its packet id or stream id in MPEG-TS and MPEG-PS, else its index among the tracks. */
  streamIndex: number;
  /** libav codec name: h264, hevc, vp9, av1, mpeg4, ... */
  codec: string;
  /** Whether an allowed decoder exists: untrusted bytes go only to decoders on the list in `decoders.ts`. */
  isDecodable: boolean;
  /** RFC 6381 codecs parameter from the actual parameter sets; undefined when MP4 defines none for the codec. */
  codecString: string | undefined;
  /** avcC, hvcC, vpcC, av1C record; empty when the codec has none. */
  configuration: Uint8Array;
  width: number;
  height: number;
  sampleAspectRatio: Rational;
  /** Clockwise rotation that shows the video upright. */
  rotationDegrees: 0 | 90 | 180 | 270;
  bitDepth: number;
  chroma: '4:0:0' | '4:2:0' | '4:2:2' | '4:4:4';
  interlaced: boolean;
  /** Frames by which decoding may run ahead of presentation (B-frame depth). */
  reorderFrames: number;
  /** The container states decode times as presentation times although the two differ. */
  hasDecodeTimesOnly: boolean;
  color: ColorDescription;
  /** Length of a tick of the demuxer's timestamps, seconds. */
  timeBase: Rational;
  /** Timestamp of the first packet that has one, in `timeBase`. */
  startTicks: number;
  frameRate: Rational;
  bitRate: number | undefined;
}

export interface AudioTrack {
  streamIndex: number;
  codec: string;
  /** Whether an allowed decoder exists: untrusted bytes go only to decoders on the list in `decoders.ts`. */
  isDecodable: boolean;
  codecString: string | undefined;
  /** AudioSpecificConfig for AAC, codec private bytes for others; may be empty. */
  configuration: Uint8Array;
  sampleRate: number;
  channels: number;
  /** RFC 5646 or ISO 639-2 tag as the container states it; 'und' when it states none. */
  language: string;
  title: string;
  isDefault: boolean;
  role: AudioRole;
  timeBase: Rational;
  /** Timestamp of the first packet, in `timeBase`. */
  startTicks: number;
  /** Timestamp of the first audible sample, where an edit list cuts off the beginning: it may lie within the first packet. */
  heardTicks?: number | undefined;
  /** Timestamp at which the track ends; undefined when the header states none. */
  endTicks: number | undefined;
  bitRate: number | undefined;
}

export interface SubtitleTrack {
  streamIndex: number;
  codec: string;
  language: string;
  title: string;
  isDefault: boolean;
  isForced: boolean;
}

/** Evidence that distinguishes the main video from a still, a preview or a logo. */
export interface VideoEvidence {
  isDefault: boolean;
  /** Whether the codec is one of stills: covers, previews. */
  isStillCodec: boolean;
  /** As stated; undefined when the container states none. */
  frameCount: number | undefined;
  durationSeconds: number | undefined;
}

export interface VideoCandidate {
  track: VideoTrack;
  /** `frameCount`: when the container states none, the number of packets that were read. */
  evidence: VideoEvidence;
}

/** All tracks of a source, before one video is chosen. */
export interface SourceTracks {
  container: string;
  durationSeconds: number | undefined;
  videos: VideoCandidate[];
  audio: AudioTrack[];
  subtitles: SubtitleTrack[];
}

export interface MediaDescription {
  /** Demuxer name: "mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "mpegts", "avi", ... */
  container: string;
  /** As stated or estimated by the demuxer; undefined when it cannot tell. */
  durationSeconds: number | undefined;
  video: VideoTrack | undefined;
  audio: AudioTrack[];
  subtitles: SubtitleTrack[];
}
