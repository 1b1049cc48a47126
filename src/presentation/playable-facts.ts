// What is known of an item once it was opened: kept by the session when the item itself is released.
import { whySilent } from '../media/plan/audio-plan.ts';
import type { AudioRole } from '../media/model/audio-role.ts';
import { videoRange } from '../media/model/color.ts';
import { noDecoderFor } from '../media/plan/copied-video-plan.ts';
import type { AudioTrack, Chapter, MediaDescription, VideoTrack } from '../media/model/description.ts';
import { whyNoText } from '../media/subtitles/text-tracks.ts';
import { isRelayed, type Playable, type RelayedPlaylist } from './playable.ts';
import type { Presentation, Variant } from './presentation.ts';

export interface AudioFacts {
  codec: string | undefined;
  language: string;
  title: string;
  channels: number | undefined;
  isDefault: boolean;
  role: AudioRole;
  /** Why it is silent; undefined when it is heard. */
  reason: string | undefined;
}

export interface SubtitleFacts {
  codec: string;
  language: string;
  title: string;
  isDefault: boolean;
  isForced: boolean;
  /** Why the track cannot be had as text; undefined when it can. */
  reason: string | undefined;
}

export interface VideoFacts {
  codec: string;
  width: number;
  height: number;
  frameRate: number | undefined;
  /** Transfer of an HDR picture; undefined for an ordinary one. */
  hdr: 'PQ' | 'HLG' | undefined;
  /** Why there is sound only; undefined when the picture is shown. */
  reason: string | undefined;
}

export interface PlayableFacts {
  isRelayed: boolean;
  durationSeconds: number | undefined;
  fileSizeBytes: number | undefined;
  canSeek: boolean;
  chapters: Chapter[];
  audio: AudioFacts[];
  subtitles: SubtitleFacts[];
  video: VideoFacts | undefined;
  variants: Variant[];
  why: string[];
}

export function factsOf(playable: Playable): PlayableFacts {
  return isRelayed(playable) ? relayedFacts(playable) : presentationFacts(playable);
}

function presentationFacts(presentation: Presentation): PlayableFacts {
  const { description } = presentation;
  return {
    isRelayed: false,
    durationSeconds: presentation.durationSeconds,
    fileSizeBytes: presentation.fileSizeBytes,
    canSeek: presentation.canSeek,
    chapters: presentation.chapters,
    audio: description.audio.map(audioFacts),
    subtitles: subtitleFacts(description),
    video: description.video && videoFacts(description.video, presentation.variants),
    variants: presentation.variants,
    why: presentation.why,
  };
}

function subtitleFacts(description: MediaDescription): SubtitleFacts[] {
  return description.subtitles.map((track) => {
    const { codec, language, title, isDefault, isForced } = track;
    return { codec, language, title, isDefault, isForced, reason: whyNoText(description, track) };
  });
}

function audioFacts(track: AudioTrack): AudioFacts {
  const { codec, language, title, channels, isDefault, role } = track;
  return { codec, language, title, channels, isDefault, role, reason: whySilent(track) };
}

function videoFacts(track: VideoTrack, variants: Variant[]): VideoFacts {
  const turned = track.rotationDegrees === 90 || track.rotationDegrees === 270;
  const { num, den } = track.frameRate;
  const range = videoRange(track.color);
  return {
    codec: track.codec,
    width: turned ? track.height : track.width,
    height: turned ? track.width : track.height,
    frameRate: num > 0 && den > 0 ? num / den : undefined,
    hdr: range === 'SDR' ? undefined : range,
    reason: variants.some(({ width }) => width !== undefined) ? undefined : noDecoderFor(track),
  };
}

function relayedFacts(relayed: RelayedPlaylist): PlayableFacts {
  return {
    isRelayed: true,
    durationSeconds: relayed.durationSeconds,
    fileSizeBytes: undefined,
    canSeek: relayed.durationSeconds !== undefined,
    chapters: [],
    audio: relayed.audio.map((track) => ({ ...track, role: 'main', codec: undefined, reason: undefined })),
    subtitles: [],
    video: undefined,
    variants: [],
    why: [],
  };
}
