// What is asked of a session, and what it answers.
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
  /** Before the names of segments: they are relative to the URL the playlist was asked under. */
  prefix: string;
}

export interface NewClip {
  startSeconds: number;
  endSeconds: number;
  /** File name, before `outputPath`, of which the base name counts. */
  name: string | undefined;
  outputPath: string | undefined;
}

/** A playlist, or the position the player must ask for explicitly. */
export type MuxedPlaylistReply = { text: string } | { redirectSeconds: number };

export type SegmentReply = { segment: Segment; format: SegmentFormat };
export type SubtitleReply = SubtitleText;
export type StreamFileReply = SegmentReply | { text: string } | { relayed: RelayedBytes };
