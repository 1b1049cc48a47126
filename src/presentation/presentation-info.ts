// Facts about a presentation, for its sessions.
import { videoRange } from '../media/model/color.ts';
import type { AudioTrack, MediaDescription, VideoTrack } from '../media/model/description.ts';
import { whySilent } from '../media/plan/audio-plan.ts';
import { noDecoderFor } from '../media/plan/copied-video-plan.ts';
import { whyNoText } from '../media/subtitles/text-tracks.ts';
import type { AudioInfo, ItemInfo, SubtitleInfo, VideoInfo } from './item-info.ts';
import type { Presentation, Variant } from './presentation.ts';

export function presentationInfo(presentation: Presentation): ItemInfo {
  const { description } = presentation;
  return {
    durationSeconds: presentation.durationSeconds,
    fileSizeBytes: presentation.fileSizeBytes,
    canSeek: presentation.canSeek,
    chapters: presentation.chapters,
    audio: description.audio.map(audioInfo),
    subtitles: subtitleInfo(description),
    video: description.video && videoInfo(description.video, presentation.variants),
    variants: presentation.variants,
    why: presentation.why,
  };
}

function subtitleInfo(description: MediaDescription): SubtitleInfo[] {
  return description.subtitles.map((track) => {
    const { codec, language, title, isDefault, isForced } = track;
    return { codec, language, title, isDefault, isForced, reason: whyNoText(description, track) };
  });
}

function audioInfo(track: AudioTrack): AudioInfo {
  const { codec, language, title, channels, isDefault, role } = track;
  return { codec, language, title, channels, isDefault, role, reason: whySilent(track) };
}

function videoInfo(track: VideoTrack, variants: Variant[]): VideoInfo {
  const isRotated = track.rotationDegrees === 90 || track.rotationDegrees === 270;
  const { num, den } = track.frameRate;
  const range = videoRange(track.color);
  return {
    codec: track.codec,
    width: isRotated ? track.height : track.width,
    height: isRotated ? track.width : track.height,
    frameRate: num > 0 && den > 0 ? num / den : undefined,
    hdr: range === 'SDR' ? undefined : range,
    reason: variants.some(({ width }) => width !== undefined) ? undefined : noDecoderFor(track),
  };
}
