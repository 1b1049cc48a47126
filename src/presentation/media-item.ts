// The port of media items: what a session needs of the item it plays, whether its HLS is made here or relayed from another server.
import { AppError } from '../base/app-error.ts';
import type { SegmentFormat } from '../media/model/rendition-track.ts';
import type { Segment } from '../media/store/segment-store.ts';
import type { SubtitleText } from '../media/subtitles/subtitle-library.ts';
import type { SourceRequest } from '../sources/port/source-request.ts';
import type { ItemInfo } from './item-info.ts';

export interface MediaItem {
  /** As of its opening; outlives the item. */
  readonly info: ItemInfo;
  /** `stream.m3u8`; its URIs are relative to the session. */
  multivariant(request: MultivariantRequest, signal: AbortSignal): Promise<string>;
  /** `stream/child.m3u8`: one rendition with video and one audio track. */
  muxedPlaylist(request: MuxedPlaylistRequest, signal: AbortSignal): Promise<string>;
  /** `{rendition}/playlist.m3u8`; its URIs are relative to itself. @throws AppError NOT_FOUND */
  mediaPlaylist(rendition: string): string;
  /** `{rendition}/init.mp4`. @throws AppError NOT_FOUND, and when it cannot be made */
  init(rendition: string, signal: AbortSignal): Promise<Uint8Array>;
  /** `{rendition}/{name}`. @throws AppError NOT_FOUND */
  segment(rendition: string, name: string): LocatedSegment;
  /** What stands beside `stream/child.m3u8`: a muxed segment, or what a relayed playlist named. @throws AppError NOT_FOUND */
  streamFile(request: StreamFileRequest, signal: AbortSignal): Promise<StreamFile>;
  /** Subtitle track `index` (ordinal) as one WebVTT text, for a viewer at `fromSeconds`. @throws AppError NOT_FOUND, UNSUPPORTED_MEDIA */
  subtitles(index: number, fromSeconds: number): SubtitleText;
  /** Makes a file of a part; resolves with its path. @throws AppError BAD_REQUEST, UNSUPPORTED_MEDIA, TOO_MANY, DISK_FULL, and when it cannot be made */
  clip(request: ClipRequest, signal: AbortSignal): Promise<string>;
  /** What a cast device plays: a playlist, relative to the session, and the format of its segments where it is known. */
  castPlaylist(audioIndex: number): { playlist: string; format: 'mpegts' | undefined };
  /** Stops the work that was done for this viewer alone. */
  viewerGone(viewer: string): void;
}

export interface MultivariantRequest {
  /** The audio track that plays, and the one that the viewer chose. */
  audioIndex: number;
  chosenAudioIndex: number | undefined;
  /** Name of the variant that stands first. */
  quality: string | undefined;
  startSeconds: number | undefined;
}

export interface MuxedPlaylistRequest {
  audioIndex: number;
  chosenAudioIndex: number | undefined;
  startSeconds: number | undefined;
  /** What stands before the segments' names: `stream/` when the playlist was asked for as `/sessions/{id}/stream`. */
  prefix: string;
}

/** A segment that exists on the timeline; `get` makes or finds it. */
export interface LocatedSegment {
  startSeconds: number;
  endSeconds: number;
  format: SegmentFormat;
  /** A newer request of one viewer replaces the work for an older one. @throws AppError when it cannot be made; the signal's reason */
  get(viewer: string, signal: AbortSignal): Promise<Segment>;
}

export interface StreamFileRequest {
  name: string;
  /** The header `Range`. */
  range: string | undefined;
  /** For muxed segments whose name states none. */
  audioIndex: number;
}

export type StreamFile = LocatedSegment | { text: string } | { relayed: RelayedBytes };

export interface RelayedBytes {
  /** 200, 206 or 416. */
  status: number;
  contentType: string | undefined;
  contentLength: number | undefined;
  contentRange: string | undefined;
  body: AsyncIterable<Uint8Array>;
}

export interface ClipRequest {
  /** `[startSeconds, endSeconds)` of the timeline. */
  startSeconds: number;
  endSeconds: number;
  audioIndex: number;
  /** As the caller wrote it; empty: one that fits. */
  name: string;
  /** Told the share that is made, 0 to 1. */
  onProgress(share: number): void;
}

/** One user's hold on an item that others may use too. The item closes when its last handle is disposed. */
export interface ItemHandle extends AsyncDisposable {
  readonly item: MediaItem;
  /** Its source is gone, or its bytes were wrong: to be disposed and opened anew. */
  readonly isStale: boolean;
}

/** The state of a torrent, for those who wait for it. */
export interface TransferInfo {
  infoHash: string;
  peers: number;
  /** Bytes per second. */
  downloadSpeed: number;
  /** 0-100: share of the file that is downloaded. */
  progress: number;
  sizeBytes: number | undefined;
}

export interface ItemOpener {
  open(source: SourceRequest, signal: AbortSignal): Promise<ItemHandle>;
  /** The state of the torrent behind a source, also while it is being opened; undefined when it is none, or unknown. */
  transfer?(source: SourceRequest): TransferInfo | undefined;
  /** Removes what is kept of a source that was ended on request, unless one of the others needs it. */
  discard?(source: SourceRequest, others: readonly SourceRequest[]): Promise<void>;
}

export function unknownSegment(): AppError {
  return new AppError('NOT_FOUND', 'There is no such segment in this session.');
}

export function unknownVariant(name: string): AppError {
  return new AppError('NOT_FOUND', `There is no variant "${name.slice(0, 40)}" in this session.`);
}

export function unknownSubtitles(): AppError {
  return new AppError('NOT_FOUND', 'There is no such subtitle track in this session.');
}
