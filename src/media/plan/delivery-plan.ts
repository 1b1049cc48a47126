// Decides what a client gets of a source: which renditions exist, which tracks are copied or encoded, and why. A pure function of the facts
// and the capabilities.
import type { MediaFacts } from '../model/facts.ts';
import { planAudio, planSilence, reasonsToEncodeAudio, whySilent, type AudioPlan } from './audio-plan.ts';
import { MULTIVARIANT, type Capabilities } from './capabilities.ts';
import { noDecoderFor, planCopiedVideo, reasonsToEncodeVideo, type CopiedVideoPlan } from './copied-video-plan.ts';
import { planLadder, type EncodedVideoPlan } from './encoded-video-plan.ts';
import type { Reason } from './reason.ts';
import type { RenditionParts } from './rendition-plan.ts';

export interface PlannedRendition extends RenditionParts {
  /** The reasons why its tracks are not copied; empty when they are. */
  why: Reason[];
}

export interface DeliveryPlan {
  /** The client's first choice comes first. There is one muxed rendition for each audio track. */
  renditions: PlannedRendition[];
  /** The copied video of separate renditions. */
  original: CopiedVideoPlan | undefined;
  /** The encoded videos of separate renditions, largest first. */
  ladder: EncodedVideoPlan[];
  /** The video of muxed renditions. */
  video: CopiedVideoPlan | EncodedVideoPlan | undefined;
  /** One for each audio track of the source; silence when there is none and the client requires one. */
  audio: AudioPlan[];
  /** The reasons why the first rendition is not a plain copy, and which tracks are left out. */
  why: Reason[];
}

export function planDelivery(facts: MediaFacts, capabilities: Capabilities): DeliveryPlan {
  const { copies } = capabilities.video;
  const videoWhy = copies ? reasonsToEncodeVideo(facts, copies) : [];
  const original = copies && planCopiedVideo(facts, copies);
  const ladder = encodes(facts, capabilities, original);
  const [rung] = ladder;
  const video = original ?? rung;
  const audio = planAudioTracks(facts, capabilities);
  const copiedAudio = capabilities.audio.copies;
  const audioWhy = facts.description.audio.map((track) =>
    copiedAudio ? reasonsToEncodeAudio(track, copiedAudio.maxChannels) : [],
  );
  const parts = { original, ladder, video, audio };
  const renditions =
    capabilities.layout === 'separate'
      ? separateRenditions(parts, { videoWhy, audioWhy, format: capabilities.format })
      : muxedRenditions(parts, { videoWhy, audioWhy, capabilities });
  return { renditions, ...parts, why: [...videoWhy, ...(audioWhy[0] ?? []), ...leftOut(facts, video)] };
}

/** The encoded videos. Muxed renditions are encoded only when they cannot be copied; separate ones are encoded in addition. */
function encodes(
  facts: MediaFacts,
  { layout, video }: Capabilities,
  original: CopiedVideoPlan | undefined,
): EncodedVideoPlan[] {
  if (layout === 'muxed' && original) return [];
  const { rungs, maxLevel } = video.encodes;
  const ladder = planLadder(facts, { ...video.encodes, original });
  const decodable = ladder.filter(({ track }) => track.level <= maxLevel);
  return rungs === 'ladder' ? decodable : decodable.slice(0, 1);
}

function planAudioTracks(facts: MediaFacts, { audio }: Capabilities): AudioPlan[] {
  const tracks = facts.description.audio.map((track) => planAudio(facts, track, audio.copies?.maxChannels ?? 0));
  return tracks.length === 0 && audio.isRequired ? [planSilence(facts)] : tracks;
}

type Parts = Pick<DeliveryPlan, 'original' | 'ladder' | 'video' | 'audio'>;

interface Why {
  videoWhy: Reason[];
  audioWhy: Reason[][];
}

function separateRenditions(
  { original, ladder, audio }: Parts,
  { videoWhy, audioWhy, format }: Why & Pick<Capabilities, 'format'>,
): PlannedRendition[] {
  const copied = original ? [{ name: 'original', format, video: original, audio: undefined, why: [] }] : [];
  const rungs = ladder.map((video) => ({ name: video.name, format, video, audio: undefined, why: videoWhy }));
  const tracks = audio.map((plan, index) => ({
    name: `audio-${index}`,
    format,
    video: undefined,
    audio: plan,
    why: audioWhy[index] ?? [],
  }));
  return [...copied, ...rungs, ...tracks];
}

function muxedRenditions(
  { video, audio }: Parts,
  { videoWhy, audioWhy, capabilities }: Why & { capabilities: Capabilities },
): PlannedRendition[] {
  const { name, format } = capabilities;
  const [only] = audio;
  if (!only) return video ? [{ name: `${name}-0`, format, video, audio: undefined, why: videoWhy }] : [];
  return audio.map((plan, index) => ({
    name: `${name}-${index}`,
    format,
    video,
    audio: plan,
    why: [...videoWhy, ...(audioWhy[index] ?? [])],
  }));
}

function leftOut({ description }: MediaFacts, video: Parts['video']): Reason[] {
  const reasons: Reason[] = [];
  if (description.video && !video)
    reasons.push({ code: 'video-undecodable', sentence: 'the picture cannot be decoded and is left out' });
  if (description.audio.some((track) => whySilent(track) !== undefined))
    reasons.push({ code: 'audio-undecodable', sentence: 'sound that cannot be decoded is silence' });
  return reasons;
}

/** The sentence why no track of the source can be played; undefined when one can. */
export function whyNothingPlays(facts: MediaFacts): string | undefined {
  const { video, audio } = facts.description;
  const silences = audio.map((track) => whySilent(track));
  if (silences.some((why) => why === undefined)) return undefined;
  if (!video) return silences[0];
  return planDelivery(facts, MULTIVARIANT).video ? undefined : noDecoderFor(video);
}
