// The variant streams of a multivariant playlist: what each costs to carry, and what a player needs to decode it.
import type { AudioPlan } from '../media/audio-plan.ts';
import { videoRange } from '../media/color.ts';
import type { CopiedVideoPlan } from '../media/copied-video-plan.ts';
import { displaySize } from '../media/encoded-video-plan.ts';
import type { EncodedVideoPlan } from '../media/encoded-video-plan.ts';
import type { MediaFacts } from '../media/facts.ts';
import type { Variant } from './presentation.ts';

export interface VariantSources {
  facts: MediaFacts;
  original: CopiedVideoPlan | undefined;
  ladder: EncodedVideoPlan[];
  audio: AudioPlan[];
  sizeBytes: number | undefined;
}

/** A copied film's peak is not known before it is read: films peak at about twice their average. */
const PEAK_OVER_AVERAGE = 2;
const FALLBACK_BIT_RATE = 8_000_000;
const AAC_LC = 'mp4a.40.2';

/** Capped encodes stay below their cap, on average well below. */
const AVERAGE_OVER_CAP = 0.6;

export function listVariants(sources: VariantSources): Variant[] {
  const { facts, original, ladder, audio } = sources;
  const { video } = facts.description;
  const sound = audio.length
    ? { codecs: audioCodecs(sources), bitRate: Math.max(...audio.map(audioBitRate)) }
    : { codecs: [], bitRate: 0 };
  if (!video || (!original && ladder.length === 0)) return audio.length ? [audioOnly(sound)] : [];
  const variants: Variant[] = [];
  if (original && video.codecString) {
    const average = video.bitRate ?? averageBitRate(sources);
    variants.push({
      name: 'original',
      bandwidth: Math.round(average * PEAK_OVER_AVERAGE + sound.bitRate),
      averageBandwidth: Math.round(average + sound.bitRate),
      codecs: [video.codecString, ...sound.codecs].join(','),
      ...displaySize(video),
      frameRate: video.frameRate.num / video.frameRate.den,
      videoRange: videoRange(video.color),
    });
  }
  for (const { name, track } of ladder) {
    variants.push({
      name,
      bandwidth: Math.round(track.maxBitRate * 1.5 + sound.bitRate),
      averageBandwidth: Math.round(track.maxBitRate * AVERAGE_OVER_CAP + sound.bitRate),
      codecs: [encodedCodec(track.level), ...sound.codecs].join(','),
      width: track.width,
      height: track.height,
      frameRate: track.frameRate.num / track.frameRate.den,
      videoRange: videoRange(track.color),
    });
  }
  return variants;
}

/** H.264 High without constraints (RFC 6381 3.3). */
function encodedCodec(level: number): string {
  return `avc1.6400${level.toString(16).padStart(2, '0')}`;
}

function audioOnly(sound: { codecs: string[]; bitRate: number }): Variant {
  return {
    name: 'audio-0',
    bandwidth: Math.round(sound.bitRate * 1.2),
    averageBandwidth: Math.round(sound.bitRate),
    codecs: sound.codecs.join(','),
    width: undefined,
    height: undefined,
    frameRate: undefined,
    videoRange: undefined,
  };
}

/** Every codec in the group (RFC 8216 4.3.4.2): copied tracks state their own, encoded ones are AAC-LC. */
function audioCodecs({ facts, audio }: VariantSources): string[] {
  const ofTrack = (plan: AudioPlan, index: number) =>
    (plan.track.kind === 'copied' ? facts.description.audio[index]?.codecString : undefined) ?? AAC_LC;
  return [...new Set(audio.map(ofTrack))];
}

function audioBitRate(plan: AudioPlan): number {
  return plan.track.kind === 'encoded' ? plan.track.bitRate : 96_000 * plan.track.channels;
}

function averageBitRate({ facts, sizeBytes }: VariantSources): number {
  return sizeBytes === undefined ? FALLBACK_BIT_RATE : (sizeBytes * 8) / facts.durationSeconds;
}
