// The playlists of a presentation as one session sees them: which names its URIs have and where playback begins.
import { mediaPlaylist } from '../hls/media-playlist.ts';
import { multivariantPlaylist } from '../hls/multivariant-playlist.ts';
import type { Presentation, Rendition } from './presentation.ts';
import { muxedSegmentName, segmentName } from './segment-name.ts';

export interface MultivariantWishes {
  audioIndex: number;
  quality: string | undefined;
  startSeconds: number | undefined;
}

/** `stream.m3u8`; its URIs are relative to the session. */
export function presentationMultivariant(presentation: Presentation, wishes: MultivariantWishes): string {
  const { variants, audioRenditions } = presentation;
  const names = [...variants, ...audioRenditions].map((each) => each.name);
  return multivariantPlaylist({
    variants,
    audio: audioRenditions,
    defaultAudio: wishes.audioIndex,
    isIndependent: names.every((name) => presentation.rendition(name)?.isIndependent === true),
    playlistUri: (name) => `${name}/playlist.m3u8`,
    firstVariant: wishes.quality,
    startSeconds: wishes.startSeconds,
  });
}

/** `{rendition}/playlist.m3u8`; its URIs are relative to itself. */
export function renditionPlaylist(presentation: Presentation, rendition: Rendition): string {
  return mediaPlaylist({
    format: rendition.format,
    timeline: rendition.playlistTimeline,
    targetDurationSeconds: presentation.targetDurationSeconds,
    isIndependent: rendition.isIndependent,
    segmentUri: (number) => segmentName(rendition.format, number),
    ...(rendition.format === 'cmaf' ? { initUri: 'init.mp4' } : {}),
  });
}

export interface MuxedWishes {
  audioIndex: number;
  startSeconds: number | undefined;
  /** What stands before the segments' names: `stream/` when the playlist was asked for as `/sessions/{id}/stream`. */
  prefix: string;
}

/** `stream/child.m3u8`: the muxed rendition with one audio track. */
export function muxedPlaylist(presentation: Presentation, wishes: MuxedWishes): string {
  const rendition = presentation.muxed(wishes.audioIndex);
  return mediaPlaylist({
    format: 'mpegts',
    timeline: rendition.playlistTimeline,
    targetDurationSeconds: presentation.targetDurationSeconds,
    isIndependent: rendition.isIndependent,
    segmentUri: (number) => wishes.prefix + muxedSegmentName(wishes.audioIndex, number),
    startSeconds: wishes.startSeconds,
  });
}
