// The requests to a session, and its replies.
import type { SegmentFormat } from '../media/model/rendition-track.ts';
import type { Segment } from '../media/store/segment-store.ts';
import type { SubtitleText } from '../media/subtitles/subtitle-library.ts';
import type { RelayedBytes } from '../presentation/media-item.ts';

export interface Seek {
  seconds: number;
  id: string | undefined;
}

export interface MuxedRequest {
  seek: Seek | undefined;
  /** Prefix of the segment names, which are relative to the URL of the playlist request. */
  prefix: string;
}

export interface NewClip {
  startSeconds: number;
  endSeconds: number;
  /** File name; takes precedence over `outputPath`, of which only the base name is used. */
  name: string | undefined;
  outputPath: string | undefined;
}

/** A playlist, or the position that the player must request explicitly. */
export type MuxedPlaylistReply = { text: string } | { redirectSeconds: number };

export type SegmentReply = { segment: Segment; format: SegmentFormat };
export type SubtitleReply = SubtitleText;
export type StreamFileReply = SegmentReply | { text: string } | { relayed: RelayedBytes };
