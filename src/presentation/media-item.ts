// The port of media items: what a session needs of the item it plays, for presentations of this server and for relays.
import { AppError } from '../base/app-error.ts';
import type { SegmentFormat } from '../media/model/rendition-track.ts';
import type { Segment } from '../media/store/segment-store.ts';
import type { SubtitleText } from '../media/subtitles/subtitle-library.ts';
import type { SourceRequest } from '../sources/port/source-request.ts';
import type { ItemInfo } from './item-info.ts';

export interface MediaItem {
  /** Facts as of the opening; they outlive the item. */
  readonly info: ItemInfo;
  /** `stream.m3u8`; its URIs are relative to the session. */
  multivariant(request: MultivariantRequest, signal: AbortSignal): Promise<string>;
  /** `stream/child.m3u8`: one rendition with video and one audio track. */
  muxedPlaylist(request: MuxedPlaylistRequest, signal: AbortSignal): Promise<string>;
  /** `{rendition}/playlist.m3u8`; its URIs are relative to the playlist. @throws AppError NOT_FOUND */
  mediaPlaylist(rendition: string): string;
  /** `{rendition}/init.mp4`. @throws AppError NOT_FOUND, or why the init section cannot be made */
  init(rendition: string, signal: AbortSignal): Promise<Uint8Array>;
  /** `{rendition}/{name}`. @throws AppError NOT_FOUND */
  segment(rendition: string, name: string): LocatedSegment;
  /** A file next to `stream/child.m3u8`: a muxed segment, or a URI of a relayed playlist. @throws AppError NOT_FOUND */
  streamFile(request: StreamFileRequest, signal: AbortSignal): Promise<StreamFile>;
  /** Subtitle track `index` (ordinal) as one WebVTT text, for a viewer at `fromSeconds`. @throws AppError NOT_FOUND, UNSUPPORTED_MEDIA */
  subtitles(index: number, fromSeconds: number): SubtitleText;
  /** Makes a clip; resolves with its path. @throws AppError BAD_REQUEST, UNSUPPORTED_MEDIA, TOO_MANY, DISK_FULL, or why the clip cannot be made */
  clip(request: ClipRequest, signal: AbortSignal): Promise<string>;
  /** The playlist for a cast device, relative to the session, and the format of its segments when it is known. */
  castPlaylist(audioIndex: number): { playlist: string; format: 'mpegts' | undefined };
  /** Stops the work that only this viewer needs. */
  releaseViewer(viewer: string): void;
}

export interface MultivariantRequest {
  /** The audio track that plays, and the track that the viewer selected. */
  audioIndex: number;
  chosenAudioIndex: number | undefined;
  /** Name of the variant to list first. */
  quality: string | undefined;
  startSeconds: number | undefined;
}

export interface MuxedPlaylistRequest {
  audioIndex: number;
  chosenAudioIndex: number | undefined;
  startSeconds: number | undefined;
  /** Prefix of the segment names: `stream/` when the playlist was requested as `/sessions/{id}/stream`. */
  prefix: string;
}

/** A segment on the timeline; `get` makes it or reads it from the store. */
export interface LocatedSegment {
  startSeconds: number;
  endSeconds: number;
  format: SegmentFormat;
  /** A newer request of a viewer replaces the work for an older one. @throws AppError why it cannot be made; the signal's reason */
  get(viewer: string, signal: AbortSignal): Promise<Segment>;
}

export interface StreamFileRequest {
  name: string;
  /** The `Range` header. */
  range: string | undefined;
  /** Used for muxed segments whose name states no audio track. */
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
  /** As the caller wrote it; empty: a default name. */
  name: string;
  /** Called with the share of the clip that is written, 0 to 1. */
  onProgress(share: number): void;
}

/** A counted reference to an item that several sessions may share. The item closes when its last handle is disposed. */
export interface ItemHandle extends AsyncDisposable {
  readonly item: MediaItem;
  /** The source is gone, or its bytes were wrong: the handle must be disposed and the item opened again. */
  readonly isStale: boolean;
}

/** The state of a torrent's download, for session information. */
export interface TransferInfo {
  infoHash: string;
  peers: number;
  /** Bytes per second. */
  downloadSpeed: number;
  /** 0-100: downloaded share of the file. */
  progress: number;
  sizeBytes: number | undefined;
}

export interface ItemOpener {
  open(source: SourceRequest, signal: AbortSignal): Promise<ItemHandle>;
  /** The state of the torrent of a source, also while the source is being opened; undefined for other sources and unknown torrents. */
  transfer?(source: SourceRequest): TransferInfo | undefined;
  /** Removes the stored data of a source whose session was ended on request, unless one of `others` needs it. */
  discard?(source: SourceRequest, others: readonly SourceRequest[]): Promise<void>;
}

export function unknownSegment(): AppError {
  return new AppError('NOT_FOUND', 'There is no such segment in this session');
}

export function unknownVariant(name: string): AppError {
  return new AppError('NOT_FOUND', `There is no variant "${name.slice(0, 40)}" in this session`);
}

export function unknownSubtitles(): AppError {
  return new AppError('NOT_FOUND', 'There is no such subtitle track in this session');
}
