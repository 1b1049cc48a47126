// A media item whose HLS this server makes: the playlists and segment names over a presentation.
import { mediaPlaylist } from '../hls/media-playlist.ts';
import { multivariantPlaylist } from '../hls/multivariant-playlist.ts';
import { segmentCount, segmentSeconds } from '../media/model/timeline.ts';
import type { SubtitleText } from '../media/subtitles/subtitle-library.ts';
import type { ItemInfo } from './item-info.ts';
import {
  unknownSegment,
  unknownVariant,
  type ClipRequest,
  type LocatedSegment,
  type MediaItem,
  type MultivariantRequest,
  type MuxedPlaylistRequest,
  type StreamFile,
  type StreamFileRequest,
} from './media-item.ts';
import { presentationInfo } from './presentation-info.ts';
import type { Presentation, Rendition } from './presentation.ts';
import {
  castRenditionName,
  muxedSegmentName,
  parseMuxedSegmentName,
  parseSegmentName,
  segmentName,
} from './segment-name.ts';

export class PresentationItem implements MediaItem {
  readonly info: ItemInfo;
  readonly #presentation: Presentation;

  constructor(presentation: Presentation) {
    this.#presentation = presentation;
    this.info = presentationInfo(presentation);
  }

  async multivariant({ audioIndex, quality, startSeconds }: MultivariantRequest): Promise<string> {
    const { variants, audioRenditions } = this.#presentation;
    const names = [...variants, ...audioRenditions].map((each) => each.name);
    return multivariantPlaylist({
      variants,
      audio: audioRenditions,
      defaultAudio: audioIndex,
      isIndependent: names.every((name) => this.#presentation.rendition(name)?.isIndependent === true),
      playlistUri: (name) => `${name}/playlist.m3u8`,
      firstVariant: quality,
      startSeconds,
    });
  }

  async muxedPlaylist({ audioIndex, startSeconds, prefix }: MuxedPlaylistRequest): Promise<string> {
    const rendition = this.#presentation.muxed(audioIndex);
    return mediaPlaylist({
      format: rendition.format,
      timeline: rendition.playlistTimeline,
      targetDurationSeconds: this.#presentation.targetDurationSeconds,
      isIndependent: rendition.isIndependent,
      segmentUri: (number) => prefix + muxedSegmentName(audioIndex, number),
      startSeconds,
    });
  }

  mediaPlaylist(name: string): string {
    const rendition = this.#rendition(name);
    return mediaPlaylist({
      format: rendition.format,
      timeline: rendition.playlistTimeline,
      targetDurationSeconds: this.#presentation.targetDurationSeconds,
      isIndependent: rendition.isIndependent,
      segmentUri: (number) => segmentName(rendition.format, number),
      ...(rendition.format === 'cmaf' ? { initUri: 'init.mp4' } : {}),
    });
  }

  async init(name: string, signal: AbortSignal): Promise<Uint8Array> {
    const rendition = this.#rendition(name);
    if (rendition.format !== 'cmaf') throw unknownSegment();
    return rendition.init(signal);
  }

  segment(renditionName: string, name: string): LocatedSegment {
    const rendition = this.#rendition(renditionName);
    return located(rendition, parseSegmentName(rendition.format, name));
  }

  async streamFile({ name, audioIndex: current }: StreamFileRequest): Promise<StreamFile> {
    const { audioIndex = current, number } = parseMuxedSegmentName(name) ?? {};
    if (number === undefined) throw unknownSegment();
    if (audioIndex > 0 && audioIndex >= this.#presentation.description.audio.length) throw unknownSegment();
    return located(this.#presentation.muxed(audioIndex), number);
  }

  subtitles(index: number, fromSeconds: number): SubtitleText {
    return this.#presentation.subtitles(index, fromSeconds);
  }

  clip(request: ClipRequest, signal: AbortSignal): Promise<string> {
    return this.#presentation.clip(request, signal);
  }

  castPlaylist(audioIndex: number): { playlist: string; format: 'mpegts' } {
    const index = this.#presentation.description.audio.length === 0 ? 0 : audioIndex;
    return { playlist: `${castRenditionName(index)}/playlist.m3u8`, format: 'mpegts' };
  }

  releaseViewer(viewer: string): void {
    this.#presentation.releaseViewer(viewer);
  }

  #rendition(name: string): Rendition {
    const rendition = this.#presentation.rendition(name);
    if (rendition === undefined) throw unknownVariant(name);
    return rendition;
  }
}

function located(rendition: Rendition, number: number | undefined): LocatedSegment {
  if (number === undefined || number >= segmentCount(rendition.timeline)) throw unknownSegment();
  const { start, end } = segmentSeconds(rendition.timeline, number);
  return {
    startSeconds: start,
    endSeconds: end,
    format: rendition.format,
    get: (viewer, signal) => rendition.segment(number, viewer, signal),
  };
}
