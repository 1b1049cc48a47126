// The facts of every clip. `clips.test.ts` checks each fact with ffprobe and ffmpeg.
import { range, type AudioFacts, type ClipFacts, type PlayingClip, type VideoFacts } from './clip-facts.ts';
import type { CLIP_RECIPES } from './clip-recipes.ts';
import { LONG_CUTS, LONG_FRAMES, LOOP_CUTS, LOOP_FRAMES, LOOPS, SCENE_CUTS } from './ingredients.ts';
import { CHAPTER_LIST } from './texts.ts';

export type ClipName = keyof typeof CLIP_RECIPES;

const MP4 = 'mov,mp4,m4a,3gp,3g2,mj2';
const MKV = 'matroska,webm';
const FILM_RATE = { num: 24000, den: 1001 } as const;

const FILM: VideoFacts = {
  codec: 'h264',
  width: 640,
  height: 360,
  frameRate: FILM_RATE,
  frameNumbers: range(0, 1439),
  keyframes: SCENE_CUTS,
  copyable: true,
  bitDepth: 8,
  openGop: false,
  interlaced: false,
  rotationDegrees: 0,
};
const BROADCAST: VideoFacts = {
  ...FILM,
  width: 320,
  height: 180,
  frameRate: { num: 25, den: 1 },
  frameNumbers: range(0, 500),
  keyframes: range(0, 500, 50),
};
const OPEN_GOP: VideoFacts = {
  ...FILM,
  width: 320,
  height: 180,
  frameNumbers: range(0, 720),
  keyframes: range(0, 720, 48),
  openGop: true,
};
const INTERLACED: VideoFacts = { ...BROADCAST, width: 360, height: 288, interlaced: true, copyable: false };
/** Frames 3, 10, 17, ... below 300 and frames 480 to 575 are missing. */
const VFR_NUMBERS = range(0, 960).filter((n) => !((n >= 480 && n < 576) || (n % 7 === 3 && n < 300)));

const AAC: AudioFacts = {
  codec: 'aac',
  language: 'und',
  channels: 2,
  sampleRate: 48000,
  beepHertz: 1000,
  startSeconds: 0,
};
const TWO_AUDIO: readonly AudioFacts[] = [
  { ...AAC, codec: 'ac3', language: 'eng', channels: 6 },
  { ...AAC, language: 'fra', beepHertz: 500 },
];
const SUBTITLES = [
  { codec: 'subrip', language: 'eng' },
  { codec: 'ass', language: 'ger' },
] as const;

const PLAYS = {
  verdict: 'plays',
  durationStated: true,
  startSeconds: 0,
  audio: [AAC],
  beepEverySeconds: 1,
  subtitles: [],
  chapters: [],
  coverArt: false,
  damaged: false,
} as const;

/** ffmpeg's Matroska muxer shifts all times by the 1024 samples of AAC priming before 0. */
const PRIMED = 0.021;

/** MP3 encoders delay the audio by 1105 samples; AVI cannot state that, and ffmpeg adds them to the start time of an MP3 file. */
const MP3_DELAY = 0.023;
const MP3_CLIP: PlayingClip = {
  ...PLAYS,
  container: 'mp3',
  durationSeconds: 30,
  startSeconds: MP3_DELAY,
  audio: [{ ...AAC, codec: 'mp3' }],
};

const TWO_AUDIO_CLIP: PlayingClip = {
  ...played(MKV, FILM),
  startSeconds: PRIMED,
  audio: TWO_AUDIO,
  subtitles: SUBTITLES,
  chapters: CHAPTER_LIST,
};

export const CLIPS: Readonly<Record<ClipName, ClipFacts>> = {
  'mp4-faststart': played(MP4, FILM),
  'mp4-moov-last': played(MP4, FILM),
  'mkv-two-audio': TWO_AUDIO_CLIP,
  'mkv-no-cues': { ...played(MKV, FILM), startSeconds: PRIMED, durationStated: false },
  'mkv-start-37.5': { ...played(MKV, BROADCAST), startSeconds: 37.5 },
  'ts-start-37.5': { ...played('mpegts', BROADCAST), startSeconds: 37.5 },
  ts: { ...played('mpegts', FILM), startSeconds: 1.483422 },
  // The 33-bit clock wraps to 0 at frame 250; ffprobe counts back from there.
  'ts-wrap': { ...played('mpegts', BROADCAST), startSeconds: -10 },
  'ts-hevc': { ...played('mpegts', { ...BROADCAST, codec: 'hevc' }), startSeconds: 1.48 },
  'hevc-open-gop-10bit': { ...played(MKV, { ...OPEN_GOP, codec: 'hevc', bitDepth: 10 }), startSeconds: PRIMED },
  'h264-open-gop': { ...played(MKV, OPEN_GOP), startSeconds: PRIMED },
  vfr: played(MP4, {
    ...OPEN_GOP,
    frameNumbers: VFR_NUMBERS,
    keyframes: VFR_NUMBERS.filter((_, index) => index % 60 === 0),
    openGop: false,
  }),
  'avi-mpeg4-bframes': {
    ...played('avi', {
      ...BROADCAST,
      codec: 'mpeg4',
      frameNumbers: range(0, 750),
      // The encoder makes the very last frame a keyframe too.
      keyframes: [...range(0, 750, 75), 749],
      copyable: false,
    }),
    audio: [{ ...AAC, codec: 'mp3', startSeconds: MP3_DELAY }],
  },
  'webm-vp9-opus': {
    ...played(MKV, {
      ...BROADCAST,
      codec: 'vp9',
      frameRate: { num: 30, den: 1 },
      frameNumbers: range(0, 600),
      keyframes: range(0, 600, 120),
    }),
    audio: [{ ...AAC, codec: 'opus' }],
  },
  'interlaced-mp4': played(MP4, INTERLACED),
  'interlaced-ts': { ...played('mpegts', INTERLACED), startSeconds: 1.48 },
  'one-keyframe': played(MP4, { ...FILM, width: 320, height: 180, keyframes: [0], copyable: false }),
  'video-only': { ...played(MP4, BROADCAST), audio: [] },
  'audio-m4a': { ...PLAYS, container: MP4, durationSeconds: 60.018, beepEverySeconds: 1.001 },
  'audio-mp3': MP3_CLIP,
  'audio-flac': { ...PLAYS, container: 'flac', durationSeconds: 30, audio: [{ ...AAC, codec: 'flac' }] },
  'mono-44100': { ...played(MP4, BROADCAST), audio: [{ ...AAC, channels: 1, sampleRate: 44100 }] },
  'aac-7.1': { ...played(MKV, BROADCAST), startSeconds: PRIMED, audio: [{ ...AAC, channels: 8 }] },
  'late-audio-mp4': { ...played(MP4, BROADCAST), audio: [{ ...AAC, startSeconds: 2 }] },
  'late-audio-mkv': { ...played(MKV, BROADCAST), audio: [{ ...AAC, startSeconds: 2 }] },
  'cover-mp4': { ...played(MP4, BROADCAST), coverArt: true },
  'cover-mp3': { ...MP3_CLIP, coverArt: true },
  rotated: played(MP4, { ...BROADCAST, width: 360, height: 640, rotationDegrees: 90 }),
  'mkv-truncated': truncated(TWO_AUDIO_CLIP),
  'mp4-truncated': truncated(played(MP4, FILM)),
  'mp4-moov-missing': { verdict: 'refused', reason: /moov|incomplete|cut|truncated/i },
  'mkv-damaged': { ...TWO_AUDIO_CLIP, damaged: true },
  empty: { verdict: 'refused', reason: /empty|no media|not media|not a media/i },
  'text-mkv': { verdict: 'refused', reason: /no media|not media|not a media/i },
  'html-mp4': { verdict: 'refused', reason: /html|web page|no media|not media|not a media/i },
  'long-1080p': played(MP4, longFilm()),
  'long-looped-1080p': { ...played(MP4, loopedFilm()), durationSeconds: (LOOPS * LOOP_FRAMES * 1001) / 24000 },
  'long-1080p-mkv': { ...played(MKV, longFilm()), startSeconds: PRIMED },
};

/** The clips for tests; the long clips are for benchmarks. */
export const CLIP_NAMES: readonly ClipName[] = Object.keys(CLIPS).filter(isEverydayClip);

/** @throws TypeError for a clip that must be refused, and for one without video */
export function videoOf(name: ClipName): PlayingClip & { video: VideoFacts } {
  const facts = CLIPS[name];
  if (facts.verdict === 'refused' || facts.video === undefined) throw new TypeError(`${name} has no video to play`);
  return { ...facts, video: facts.video };
}

function isEverydayClip(name: string): name is ClipName {
  return Object.hasOwn(CLIPS, name) && !name.startsWith('long-');
}

function played(container: string, video: VideoFacts): PlayingClip {
  const { num, den } = video.frameRate;
  const frames = (video.frameNumbers.at(-1) ?? 0) + 1;
  const beepEverySeconds = (Math.round(num / den) * den) / num;
  return { ...PLAYS, container, durationSeconds: (frames * den) / num, beepEverySeconds, video };
}

function longFilm(): VideoFacts {
  return { ...FILM, width: 1920, height: 1080, frameNumbers: range(0, LONG_FRAMES), keyframes: LONG_CUTS };
}

function loopedFilm(): VideoFacts {
  const starts = range(0, LOOPS * LOOP_FRAMES, LOOP_FRAMES);
  const keyframes = starts.flatMap((start) => LOOP_CUTS.map((cut) => start + cut));
  return { ...longFilm(), frameNumbers: starts.flatMap(() => range(0, LOOP_FRAMES)), keyframes };
}

/** The first three fifths of the bytes; the header still states the whole length. */
function truncated(clip: PlayingClip): PlayingClip {
  const frames = 875;
  const keyframes = SCENE_CUTS.filter((frame) => frame < frames);
  const video = { ...FILM, frameNumbers: range(0, frames), keyframes };
  return { ...clip, durationSeconds: (frames * 1001) / 24000, durationStated: false, video };
}
