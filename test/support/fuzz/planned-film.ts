// The expected presentation of a plan's file, and the streams it is made of. A change of one needs a change of the other.
import type { CompareOptions } from '../judges/compare.ts';
import { picturesOf, type Truth, type TruthRun, type VoiceStretch } from '../judges/truth.ts';
import { FRAME, LARGE, RATE, SMALL, type AudioStream, type VideoStream } from './elementary-streams.ts';
import type { FilmPlan } from './film-plan.ts';

/** Frame numbers and voices of tracks that must not be played. */
const OTHER_VIDEO_NUMBER = 5000;
const OTHER_VOICE = 1;
export const STILL_NUMBER = 9000;

/** Spans of the media, in seconds, that an edit list shows. */
export const EDIT_SPANS = {
  none: [],
  'trim-at-keyframe': [[2, 7]],
  'trim-between': [[1.4, 6.6]],
  'middle-cut': [
    [0, 2],
    [5, 8],
  ],
  repeat: [
    [0, 3],
    [0, 3],
    [5, 7],
  ],
  empty: [[0, 6]],
} as const satisfies Record<FilmPlan['edits'], readonly (readonly [number, number])[]>;
export const EMPTY_EDIT_SECONDS = 1.5;

/** The streams of each part, in the order of the file. */
export interface Part {
  videos: VideoStream[];
  audios: AudioStream[];
}

export function partsOf(plan: FilmPlan): Part[] {
  const first = partOf(plan, { firstNumber: 0, firstSecond: 0 });
  if (plan.join === 'none') return [first];
  const second = partOf(plan, { firstNumber: plan.videoSeconds * RATE, firstSecond: plan.videoSeconds });
  const isLarge = plan.join === 'size-changes' || plan.join === 'entry-and-size-change';
  if (isLarge) second.videos = second.videos.map((stream) => ({ ...stream, size: LARGE }));
  if (plan.join === 'entry-changes' || plan.join === 'entry-and-size-change')
    second.videos = second.videos.map((stream) => ({ ...stream, coding: 'h264-no-b' }));
  const layout = plan.seed % 2 === 0 ? 'mono' : '5.1';
  if (plan.join === 'channels-change') second.audios = second.audios.map((stream) => ({ ...stream, layout }));
  return [first, second];
}

function partOf(plan: FilmPlan, { firstNumber, firstSecond }: { firstNumber: number; firstSecond: number }): Part {
  const video: VideoStream = { coding: plan.video, seconds: plan.videoSeconds, firstNumber, size: SMALL };
  const audio: AudioStream = {
    ...{ coding: plan.audio, seconds: plan.audioSeconds, firstSecond },
    ...{ voice: 0, layout: 'stereo' as const },
  };
  const otherVideo = { ...video, firstNumber: OTHER_VIDEO_NUMBER };
  const otherAudio = { ...audio, voice: OTHER_VOICE };
  switch (plan.tracks) {
    case 'two-audios':
      return { videos: [video], audios: [audio, otherAudio] };
    case 'two-audios-second-default':
      return { videos: [video], audios: [otherAudio, audio] };
    case 'two-videos':
      return { videos: [video, otherVideo], audios: [audio] };
    case 'two-videos-second-default':
      return { videos: [otherVideo, video], audios: [audio] };
    case 'video-only':
      return { videos: [video], audios: [] };
    case 'audio-only':
      return { videos: [], audios: [audio] };
    default:
      return { videos: [video], audios: [audio] };
  }
}

export function truthOf(plan: FilmPlan): Truth {
  const hasVideo = plan.tracks !== 'audio-only';
  const hasAudio = plan.tracks !== 'video-only';
  const runs: TruthRun[] = [];
  const sound: VoiceStretch[] = [];
  const show = (at: number, from: number, [videoEnd, audioEnd]: readonly [number, number]): void => {
    const firstNumber = Math.ceil(from * RATE - 0.01);
    const count = Math.ceil(videoEnd * RATE - 0.01) - firstNumber;
    if (hasVideo) runs.push({ seconds: at + firstNumber * FRAME - from, firstNumber, count });
    if (hasAudio) sound.push({ startSeconds: at, endSeconds: at + audioEnd - from, voiceSeconds: from });
  };
  if (plan.edits !== 'none') {
    // An empty edit before all tracks does not delay the presentation, which starts with the first media.
    let at = 0;
    for (const [from, to] of EDIT_SPANS[plan.edits]) {
      show(at, from, [to, to]);
      at += to - from;
    }
  } else if (plan.join !== 'none') {
    show(0, 0, [plan.videoSeconds, plan.audioSeconds]);
    show(plan.videoSeconds, plan.videoSeconds, [2 * plan.videoSeconds, 2 * plan.audioSeconds]);
  } else show(0, plan.start.kind === 'negative' ? 1 : 0, [plan.videoSeconds, plan.audioSeconds]);
  const { start } = plan;
  const videoLate = start.kind === 'video-late' ? start.seconds : 0;
  const audioLate = start.kind === 'audio-late' ? start.seconds : 0;
  const pictures = picturesOf(runs, FRAME).map((each) => ({ ...each, seconds: each.seconds + videoLate }));
  const heard = sound.map((each) => ({
    ...each,
    startSeconds: each.startSeconds + audioLate,
    endSeconds: each.endSeconds + audioLate,
  }));
  const ends = [(pictures.at(-1)?.seconds ?? -FRAME) + FRAME, ...heard.map(({ endSeconds }) => endSeconds)];
  return { seconds: Math.max(...ends), frameSeconds: FRAME, pictures, sound: heard };
}

/**
 * Copied AAC is cut at whole frames, so a piece lies up to half of one beside its place. PCM is cut at the packets that libavformat makes of it, of
 * 1024 samples.
 */
function pieceSeconds({ audio }: FilmPlan): number {
  if (audio === 'pcm') return 0.028;
  return audio.startsWith('aac') ? 0.014 : 0.008;
}

/** Tolerances for what the containers and joins do not state exactly. */
export function toleranceOf(plan: FilmPlan): CompareOptions {
  const isJoined = plan.join !== 'none' && !plan.join.startsWith('entry');
  const otherVoices = plan.tracks.startsWith('two-audios') ? [{ voice: OTHER_VOICE, seconds: plan.audioSeconds }] : [];
  return {
    frames: isJoined ? 3 : 1,
    // Each part has an encoder delay; AVI states no times.
    slackSeconds: isJoined ? 0.06 : plan.edits === 'none' ? 0.008 : pieceSeconds(plan),
    syncSeconds: isJoined ? 0.06 : plan.container === 'avi' ? 0.06 : 0.03,
    otherVoices,
  };
}
