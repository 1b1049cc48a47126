// What every Chromecast plays, from the first one on: H.264 up to High profile and level 4.1, AAC-LC in stereo.
import { planAudio, planSilence, type AudioPlan } from './audio-plan.ts';
import { planCopiedVideo, type CopiedVideoPlan } from './copied-video-plan.ts';
import { planLadder, type EncodedVideoPlan } from './encoded-video-plan.ts';
import type { MediaFacts } from '../model/facts.ts';

/** H.264 level_idc. */
const MAX_LEVEL = 41;
/** Where an avcC record states it. */
const LEVEL_OFFSET = 3;
const MAX_CHANNELS = 2;

/** Copied where the device plays it as it is, else the largest rung that it plays; undefined without a picture. */
export function planCastVideo(facts: MediaFacts): CopiedVideoPlan | EncodedVideoPlan | undefined {
  const level = facts.description.video?.configuration[LEVEL_OFFSET] ?? Infinity;
  const copied = level <= MAX_LEVEL ? planCopiedVideo(facts, 'mpegts') : undefined;
  return copied ?? planLadder(facts, { bFrames: 0 }).find(({ track }) => track.level <= MAX_LEVEL);
}

/** Devices do not play a picture without sound: where there is none, silence. */
export function planCastAudio(facts: MediaFacts, audioIndex: number): AudioPlan | undefined {
  const track = facts.description.audio[audioIndex];
  if (track !== undefined) return planAudio(facts, track, MAX_CHANNELS);
  return facts.description.audio.length === 0 ? planSilence(facts) : undefined;
}
