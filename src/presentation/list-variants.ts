// The variant streams of a multivariant playlist: bit rates, codecs, and video parameters of each.
import type { AudioPlan } from '../media/plan/audio-plan.ts';
import { videoRange } from '../media/model/color.ts';
import type { BitRates } from '../media/model/byte-positions.ts';
import type { CopiedVideoPlan } from '../media/plan/copied-video-plan.ts';
import { displaySize, PEAK_OVER_CAP } from '../media/plan/encoded-video-plan.ts';
import type { EncodedVideoPlan } from '../media/plan/encoded-video-plan.ts';
import type { AudioTrack } from '../media/model/description.ts';
import type { MediaFacts } from '../media/model/facts.ts';
import type { EncodedVideo } from '../media/model/rendition-track.ts';
import type { Variant } from './presentation.ts';

export interface VariantSources {
  facts: MediaFacts;
  original: CopiedVideoPlan | undefined;
  ladder: EncodedVideoPlan[];
  audio: AudioPlan[];
  sizeBytes: number | undefined;
}

/** Used when the container does not state the sizes of packets: the peak of most sources is about twice the average. */
const PEAK_OVER_AVERAGE = 2;
const FALLBACK_BIT_RATE = 8_000_000;
const AAC_LC_CODEC = 'mp4a.40.2';

/** Average of a capped encode as a share of its cap, below which the encode stays. */
const AVERAGE_OVER_CAP = 0.6;

/** Peak of segments of copied audio over the stated average. */
const AUDIO_PEAK = 1.1;

/** Boxes around the samples of a segment. */
const PACKAGING = 1.01;

export function listVariants(sources: VariantSources): Variant[] {
  const { facts, original, ladder, audio } = sources;
  const { video } = facts.description;
  const group = audio.length
    ? {
        codecs: audioCodecs(sources),
        bitRate: Math.max(...audio.map((plan, index) => audioBitRate(plan, facts.description.audio[index]))),
      }
    : { codecs: [], bitRate: 0 };
  if (!video || (!original && ladder.length === 0)) return audio.length ? [audioOnly(group)] : [];
  const variants: Variant[] = [];
  if (original && video.codecString) {
    const { peak, average } = original.rates ?? guessedRates(sources);
    variants.push({
      name: 'original',
      bandwidth: Math.round(peak * PACKAGING + group.bitRate),
      averageBandwidth: Math.round(average + group.bitRate),
      codecs: [video.codecString, ...group.codecs].join(','),
      ...displaySize(video),
      frameRate: video.frameRate.num / video.frameRate.den,
      videoRange: videoRange(video.color),
    });
  }
  // Players prefer the variant with the highest BANDWIDTH: no rung states more than the original, and a rung seldom needs more.
  const most = variants[0]?.bandwidth ?? Infinity;
  for (const { name, track } of ladder) {
    variants.push({
      name,
      bandwidth: Math.min(Math.round(track.maxBitRate * PEAK_OVER_CAP + group.bitRate), most),
      averageBandwidth: Math.round(encodedAverage(track, sources) + group.bitRate),
      codecs: [encodedCodec(track.level), ...group.codecs].join(','),
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

function audioOnly(group: { codecs: string[]; bitRate: number }): Variant {
  return {
    name: 'audio-0',
    bandwidth: Math.round(group.bitRate * 1.2),
    averageBandwidth: Math.round(group.bitRate),
    codecs: group.codecs.join(','),
    width: undefined,
    height: undefined,
    frameRate: undefined,
    videoRange: undefined,
  };
}

/** Every codec in the audio group (RFC 8216 section 4.3.4.2): copied tracks state their own, encoded tracks are AAC-LC. */
function audioCodecs({ facts, audio }: VariantSources): string[] {
  const ofTrack = (plan: AudioPlan, index: number) =>
    (plan.track.kind === 'copied' ? facts.description.audio[index]?.codecString : undefined) ?? AAC_LC_CODEC;
  return [...new Set(audio.map(ofTrack))];
}

function audioBitRate({ track }: AudioPlan, source: AudioTrack | undefined): number {
  if (track.kind === 'encoded') return track.bitRate;
  const stated = track.kind === 'copied' ? source?.bitRate : undefined;
  return stated === undefined ? 96_000 * track.channels : stated * AUDIO_PEAK;
}

function guessedRates(sources: VariantSources): BitRates {
  const average = sources.facts.description.video?.bitRate ?? averageBitRate(sources);
  return { peak: average * PEAK_OVER_AVERAGE, average };
}

/** Bit rate grows with about the 0.75th power of the number of pixels; at most `AVERAGE_OVER_CAP` of the cap. */
function encodedAverage(track: EncodedVideo, { facts, original }: VariantSources): number {
  const most = track.maxBitRate * AVERAGE_OVER_CAP;
  const { video } = facts.description;
  if (!video || !original?.rates) return most;
  const share = (track.width * track.height) / (video.width * video.height);
  return Math.min(most, original.rates.average * Math.min(1, share) ** 0.75);
}

function averageBitRate({ facts, sizeBytes }: VariantSources): number {
  return sizeBytes === undefined ? FALLBACK_BIT_RATE : (sizeBytes * 8) / facts.durationSeconds;
}
