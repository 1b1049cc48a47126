// Facts about an item, known after its first opening. A session keeps them after it releases the item.
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
  /** Why the track plays as silence; undefined when it is decoded or copied. */
  reason: string | undefined;
}

export interface SubtitleInfo {
  codec: string;
  language: string;
  title: string;
  isDefault: boolean;
  isForced: boolean;
  /** Why the track is not served as text; undefined when it is. */
  reason: string | undefined;
}

export interface VideoInfo {
  codec: string;
  width: number;
  height: number;
  frameRate: number | undefined;
  /** Transfer function of HDR video; undefined for SDR. */
  hdr: 'PQ' | 'HLG' | undefined;
  /** Why only the audio is played; undefined when the video is played. */
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
