// One source with its timeline and renditions, shared by every session that plays it.
import type { SegmentFormat } from '../media/model/rendition-track.ts';
import type { PlaylistVariant } from '../hls/multivariant-playlist.ts';
import type { AudioTrack, Chapter, MediaDescription } from '../media/model/description.ts';
import type { ClipRequest } from './media-item.ts';
import type { Segment } from '../media/store/segment-store.ts';
import type { SubtitleText } from '../media/subtitles/subtitle-library.ts';
import type { Timeline } from '../media/model/timeline.ts';

export interface Rendition {
  /** `original`, `1080p`, ..., `audio-0`, `muxed-0`: one path segment of the URL. */
  readonly name: string;
  readonly format: SegmentFormat;
  readonly timeline: Timeline;
  /** The boundaries as playlists state them: those of MPEG-TS are decode times. */
  readonly playlistTimeline: Timeline;
  /** Whether every segment starts with an IDR picture, or is audio. */
  readonly isIndependent: boolean;
  /** The init section. Only for `cmaf`. */
  init(signal: AbortSignal): Promise<Uint8Array>;
  /**
   * Makes segment n or reads it from the store. A newer request of a viewer replaces the work for an older one.
   * @throws RangeError for a number outside the timeline; AppError why the segment cannot be made
   */
  segment(number: number, viewer: string, signal: AbortSignal): Promise<Segment>;
}

/** A variant stream of the multivariant playlist (RFC 8216 section 4.3.4.2). */
export type Variant = PlaylistVariant;

/** An entry of the audio group (RFC 8216 section 4.3.4.1). */
export interface AudioRendition {
  name: string;
  track: AudioTrack;
  channels: number;
}

export interface Presentation extends AsyncDisposable {
  readonly description: MediaDescription;
  readonly chapters: Chapter[];
  readonly durationSeconds: number;
  readonly fileSizeBytes: number | undefined;
  /** False: the source is delivered in order only; a seek waits for the download. */
  readonly canSeek: boolean;
  /** Sentences: why video or audio of the muxed rendition is not copied; empty when both are. */
  readonly why: string[];
  readonly variants: Variant[];
  readonly audioRenditions: AudioRendition[];
  /** Equal in every media playlist of the presentation (RFC 8216 section 6.2.4). */
  readonly targetDurationSeconds: number;
  /** A rendition of the multivariant playlist, or one for cast devices (`castRenditionName`). */
  rendition(name: string): Rendition | undefined;
  /** Subtitle track `index` (ordinal) as one WebVTT text, for a viewer at `fromSeconds`. @throws AppError NOT_FOUND, UNSUPPORTED_MEDIA */
  subtitles(index: number, fromSeconds: number): SubtitleText;
  /** Makes a clip; resolves with its path. @throws AppError BAD_REQUEST, TOO_MANY, DISK_FULL, or why the clip cannot be made */
  clip(request: ClipRequest, signal: AbortSignal): Promise<string>;
  /** Stops the work that only this viewer needs. */
  releaseViewer(viewer: string): void;
  /** The muxed MPEG-TS rendition with audio track `audioIndex` (ordinal; ignored when there is no audio). */
  muxed(audioIndex: number): Rendition;
}
