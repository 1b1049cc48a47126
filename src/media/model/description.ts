// What a source holds, in the words of the container: the tracks, the chapters, the shape of the video.
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
  /** Number of the stream in the demuxer: its packet id or stream id in MPEG-TS and MPEG-PS, else its place among the tracks. */
  streamIndex: number;
  /** libav codec name: h264, hevc, vp9, av1, mpeg4, ... */
  codec: string;
  /** Whether there is a decoder for it that may touch a stranger's bytes. */
  isDecodable: boolean;
  /** RFC 6381 codecs parameter from the real parameter sets; undefined when MP4 has none for it. */
  codecString: string | undefined;
  /** avcC, hvcC, vpcC, av1C record; empty when the codec has none. */
  configuration: Uint8Array;
  width: number;
  height: number;
  sampleAspectRatio: Rational;
  /** Clockwise degrees the picture must be turned to be shown upright. */
  rotationDegrees: 0 | 90 | 180 | 270;
  bitDepth: number;
  chroma: '4:0:0' | '4:2:0' | '4:2:2' | '4:4:4';
  interlaced: boolean;
  /** Frames that decoding may run ahead of showing (B-frame depth). */
  reorderFrames: number;
  /** The container claims that pictures are shown when they are decoded, and they are not. */
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
  /** Whether there is a decoder for it that may touch a stranger's bytes. */
  isDecodable: boolean;
  codecString: string | undefined;
  /** AudioSpecificConfig for AAC, codec private bytes for others; may be empty. */
  configuration: Uint8Array;
  sampleRate: number;
  channels: number;
  /** RFC 5646 or ISO 639-2 tag as the container states it; 'und' when it does not. */
  language: string;
  title: string;
  isDefault: boolean;
  role: AudioRole;
  timeBase: Rational;
  /** Timestamp of the first packet, in `timeBase`. */
  startTicks: number;
  /** Timestamp of the first sample that is heard, where an edit list cuts into the sound: it may lie within the first packet. */
  heardTicks?: number | undefined;
  /** Timestamp at which the track ends; undefined when the header does not tell. */
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

/** What tells a film from a still, a preview or a logo beside it. */
export interface VideoEvidence {
  isDefault: boolean;
  /** Whether stills are stored in this codec: covers, previews. */
  isStillCodec: boolean;
  /** As stated; undefined when the container does not tell. */
  frameCount: number | undefined;
  durationSeconds: number | undefined;
}

export interface VideoCandidate {
  track: VideoTrack;
  /** `frameCount`: where nothing is stated, of the packets that were looked at. */
  evidence: VideoEvidence;
}

/** All tracks of a source, before one video is chosen from them. */
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
