// One item to play: a source, its timeline and its renditions, shared by every session that plays it.
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
  /** The boundaries as playlists state them: MPEG-TS counts decode time. */
  readonly playlistTimeline: Timeline;
  /** Whether every segment starts with an IDR picture (or is audio). */
  readonly isIndependent: boolean;
  /** The init section. Only for `cmaf`. */
  init(signal: AbortSignal): Promise<Uint8Array>;
  /**
   * Makes or finds segment n. A newer request of one viewer replaces the work for an older one.
   * @throws RangeError for a number outside the timeline; AppError when it cannot be made
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
  /** False: the source only comes in order; a seek waits for the download. */
  readonly canSeek: boolean;
  /** Reasons, in words, why the picture or the sound is not simply copied; empty when it is. */
  readonly why: string[];
  readonly variants: Variant[];
  readonly audioRenditions: AudioRendition[];
  /** Equal in every media playlist of the presentation (RFC 8216 section 6.2.4). */
  readonly targetDurationSeconds: number;
  /** A rendition of the multivariant playlist, or one for cast devices (`castRenditionName`). */
  rendition(name: string): Rendition | undefined;
  /** Subtitle track `index` (ordinal) as one WebVTT text, for a viewer who is at `fromSeconds`. @throws AppError NOT_FOUND, UNSUPPORTED_MEDIA */
  subtitles(index: number, fromSeconds: number): SubtitleText;
  /** Makes a file of a part; resolves with its path. @throws AppError BAD_REQUEST, TOO_MANY, DISK_FULL, when it cannot be made */
  clip(request: ClipRequest, signal: AbortSignal): Promise<string>;
  /** Stops the work that was done for this viewer alone. */
  viewerGone(viewer: string): void;
  /** The muxed MPEG-TS rendition with audio track `audioIndex` (ordinal; ignored when there is no audio). */
  muxed(audioIndex: number): Rendition;
}
