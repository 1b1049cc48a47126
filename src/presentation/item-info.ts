// What is known of an item once it was opened: a session keeps it when the item itself is released.
import type { PlaylistVariant } from '../hls/multivariant-playlist.ts';
import type { AudioRole } from '../media/model/audio-role.ts';
import type { Chapter } from '../media/model/description.ts';

export interface AudioInfo {
  codec: string | undefined;
  language: string;
  title: string;
  channels: number | undefined;
  isDefault: boolean;
  role: AudioRole;
  /** Why it is silent; undefined when it is heard. */
  reason: string | undefined;
}

export interface SubtitleInfo {
  codec: string;
  language: string;
  title: string;
  isDefault: boolean;
  isForced: boolean;
  /** Why the track cannot be had as text; undefined when it can. */
  reason: string | undefined;
}

export interface VideoInfo {
  codec: string;
  width: number;
  height: number;
  frameRate: number | undefined;
  /** Transfer of an HDR picture; undefined for an ordinary one. */
  hdr: 'PQ' | 'HLG' | undefined;
  /** Why there is sound only; undefined when the picture is shown. */
  reason: string | undefined;
}

export interface ItemInfo {
  durationSeconds: number | undefined;
  fileSizeBytes: number | undefined;
  canSeek: boolean;
  chapters: Chapter[];
  audio: AudioInfo[];
  subtitles: SubtitleInfo[];
  video: VideoInfo | undefined;
  variants: PlaylistVariant[];
  why: string[];
}
