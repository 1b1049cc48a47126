// The multivariant playlist (RFC 8216 section 4.3.4): the variants of one presentation and its audio group.
import type { AudioRole } from '../media/model/audio-role.ts';
import { attributeList, quotable, startTag } from './attribute-list.ts';
import { languageName, languageTag } from './language-tag.ts';

export interface PlaylistVariant {
  name: string;
  bandwidth: number;
  averageBandwidth: number;
  codecs: string;
  width: number | undefined;
  height: number | undefined;
  frameRate: number | undefined;
  videoRange: 'SDR' | 'HLG' | 'PQ' | undefined;
}

export interface PlaylistAudio {
  name: string;
  track: { language: string; title: string; role: AudioRole };
  channels: number;
}

export interface MultivariantPlaylistOptions {
  variants: PlaylistVariant[];
  audio: PlaylistAudio[];
  /** Index in `audio` of the rendition that is played unless the viewer chooses; out of range: the first. */
  defaultAudio: number;
  /** Whether all segments of all renditions start with an IDR picture. */
  isIndependent: boolean;
  /** Relative URI of the media playlist of a variant or an audio rendition. */
  playlistUri(name: string): string;
  /** Name of the variant to list first: players start with the first variant. */
  firstVariant?: string | undefined;
  startSeconds?: number | undefined;
}

const AUDIO_GROUP = 'audio';

/** RFC 8216 section 4.3.4.1, with the value of Apple's authoring specification. */
const DESCRIBES_VIDEO = 'public.accessibility.describes-video';

export function multivariantPlaylist(options: MultivariantPlaylistOptions): string {
  const lines = ['#EXTM3U', '#EXT-X-VERSION:7'];
  if (options.isIndependent) lines.push('#EXT-X-INDEPENDENT-SEGMENTS');
  if (options.startSeconds !== undefined) lines.push(startTag(options.startSeconds));
  const hasGroup = needsAudioGroup(options);
  if (hasGroup) lines.push(...audioGroup(options));
  for (const variant of inOrder(options.variants, options.firstVariant)) {
    lines.push(`#EXT-X-STREAM-INF:${streamInf(variant, hasGroup)}`, options.playlistUri(variant.name));
  }
  lines.push('');
  return lines.join('\n');
}

/** An audio-only presentation with one track needs no group: its single rendition is the variant itself. */
function needsAudioGroup(options: MultivariantPlaylistOptions): boolean {
  const first = options.audio[0];
  if (first === undefined) return false;
  return options.audio.length > 1 || !options.variants.some((variant) => variant.name === first.name);
}

function audioGroup(options: MultivariantPlaylistOptions): string[] {
  const chosen = options.defaultAudio in options.audio ? options.defaultAudio : 0;
  const names = new Set<string>();
  return options.audio.map((audio, index) => {
    const attributes = attributeList({
      TYPE: 'AUDIO',
      'GROUP-ID': { quoted: AUDIO_GROUP },
      NAME: { quoted: uniqueName(audioName(audio, index), names) },
      LANGUAGE: optionallyQuoted(languageTag(audio.track.language)),
      DEFAULT: index === chosen ? 'YES' : 'NO',
      // A commentary is played only when the viewer selects it (section 4.3.4.1).
      AUTOSELECT: index === chosen || !['commentary', 'effects'].includes(audio.track.role) ? 'YES' : 'NO',
      CHARACTERISTICS: audio.track.role === 'description' ? { quoted: DESCRIBES_VIDEO } : undefined,
      CHANNELS: audio.channels > 0 ? { quoted: String(audio.channels) } : undefined,
      URI: { quoted: options.playlistUri(audio.name) },
    });
    return `#EXT-X-MEDIA:${attributes}`;
  });
}

function audioName(audio: PlaylistAudio, index: number): string {
  const title = quotable(audio.track.title);
  if (title !== '') return title;
  return languageName(audio.track.language) ?? `Audio ${index + 1}`;
}

/** All members of a group must have different names (section 4.3.4.1.1). */
function uniqueName(name: string, taken: Set<string>): string {
  let unique = name;
  for (let count = 2; taken.has(unique); count++) unique = `${name} (${count})`;
  taken.add(unique);
  return unique;
}

function streamInf(variant: PlaylistVariant, hasGroup: boolean): string {
  const isVideo = variant.width !== undefined && variant.height !== undefined;
  return attributeList({
    BANDWIDTH: Math.ceil(Math.max(variant.bandwidth, variant.averageBandwidth, 1)),
    'AVERAGE-BANDWIDTH': Math.ceil(Math.max(variant.averageBandwidth, 1)),
    CODECS: variant.codecs === '' ? undefined : { quoted: variant.codecs },
    RESOLUTION: isVideo ? `${variant.width}x${variant.height}` : undefined,
    'FRAME-RATE': variant.frameRate?.toFixed(3),
    'VIDEO-RANGE': isVideo ? (variant.videoRange ?? 'SDR') : undefined,
    AUDIO: hasGroup ? { quoted: AUDIO_GROUP } : undefined,
    'CLOSED-CAPTIONS': isVideo ? 'NONE' : undefined,
  });
}

function inOrder(variants: PlaylistVariant[], first: string | undefined): PlaylistVariant[] {
  return variants.toSorted((left, right) => Number(right.name === first) - Number(left.name === first));
}

function optionallyQuoted(text: string | undefined): { quoted: string } | undefined {
  return text === undefined ? undefined : { quoted: text };
}
