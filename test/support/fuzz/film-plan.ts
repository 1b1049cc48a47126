// Derives a plan of a file from a seed: its container, its streams, and the oddities of its times, tracks and joins.
import type { AudioCoding, VideoCoding } from './elementary-streams.ts';
import { SeededChoices } from './seeded-choices.ts';

export type Container =
  | 'mp4'
  | 'mp4-fragmented'
  | 'mov'
  | 'mkv'
  | 'webm'
  | 'ts'
  | 'm2ts'
  | 'mpg'
  | 'vob'
  | 'avi'
  | 'flv'
  | 'nut'
  | 'ogg';

export type Start =
  | { kind: 'together' }
  | { kind: 'video-late'; seconds: number }
  | { kind: 'audio-late'; seconds: number }
  /** Both tracks start at 37 s. */
  | { kind: 'both-late' }
  /** Both tracks start at -1 s: the first second is not shown. */
  | { kind: 'negative' }
  /** Both tracks start two seconds before the 33-bit clock wraps to 0. */
  | { kind: 'near-wrap' };

export type Tracks =
  | 'video-audio'
  | 'audio-video'
  | 'two-audios'
  | 'two-audios-second-default'
  | 'still-first'
  | 'two-videos'
  | 'two-videos-second-default'
  | 'video-only'
  | 'audio-only';

export type Edits = 'none' | 'trim-at-keyframe' | 'trim-between' | 'middle-cut' | 'repeat' | 'empty';

/** What changes between two parts that are joined byte by byte. */
export type Join =
  | 'none'
  | 'clock-goes-on'
  | 'clock-restarts'
  | 'clock-jumps-hours'
  | 'clock-jumps-back'
  | 'channels-change'
  | 'size-changes'
  | 'entry-changes'
  | 'entry-and-size-change';

export interface FilmPlan {
  seed: number;
  container: Container;
  video: VideoCoding;
  audio: AudioCoding;
  videoSeconds: number;
  audioSeconds: number;
  start: Start;
  tracks: Tracks;
  edits: Edits;
  join: Join;
}

interface Abilities {
  video: readonly VideoCoding[];
  audio: readonly AudioCoding[];
  starts: readonly Start['kind'][];
  tracks: readonly Tracks[];
  edits: readonly Edits[];
  joins: readonly Join[];
}

const MOST_TRACKS = ['audio-video', 'two-audios', 'two-videos', 'video-only', 'audio-only'] as const;
const DEFAULTS = ['two-audios-second-default', 'two-videos-second-default', 'still-first'] as const;
const LATE = ['video-late', 'audio-late', 'both-late'] as const;
const EDITS = ['trim-at-keyframe', 'trim-between', 'middle-cut', 'repeat', 'empty'] as const;
const CLOCKS = ['clock-goes-on', 'clock-restarts', 'clock-jumps-hours', 'clock-jumps-back'] as const;

const MP4: Abilities = {
  video: ['h264', 'h264-no-b', 'h264-open', 'hevc', 'hevc-open', 'mpeg4', 'mpeg4-b', 'vp9'],
  audio: ['aac', 'aac-44', 'ac3', 'mp3', 'opus', 'flac'],
  starts: [...LATE, 'negative'],
  tracks: [...MOST_TRACKS, ...DEFAULTS],
  edits: EDITS,
  joins: ['entry-changes', 'entry-and-size-change'],
};
const TS: Abilities = {
  video: ['h264', 'h264-no-b', 'h264-open', 'hevc', 'hevc-open', 'mpeg2'],
  audio: ['aac', 'aac-44', 'ac3', 'mp2', 'mp3', 'opus'],
  starts: [...LATE, 'near-wrap'],
  tracks: MOST_TRACKS,
  edits: [],
  joins: [...CLOCKS, ...CLOCKS, 'channels-change', 'size-changes'],
};
const PS: Abilities = {
  video: ['mpeg2', 'mpeg2', 'h264'],
  audio: ['mp2', 'ac3', 'mp3'],
  starts: [...LATE, 'near-wrap'],
  tracks: ['audio-video', 'two-audios', 'video-only', 'audio-only'],
  edits: [],
  joins: CLOCKS,
};

const ABILITIES: Record<Container, Abilities> = {
  mp4: MP4,
  'mp4-fragmented': { ...MP4, edits: [], joins: [], starts: LATE, tracks: MOST_TRACKS },
  mov: {
    ...MP4,
    video: ['h264', 'h264-no-b', 'hevc', 'mpeg2', 'mpeg4', 'mjpeg'],
    audio: ['aac', 'ac3', 'pcm', 'mp3'],
  },
  mkv: {
    video: ['h264', 'h264-no-b', 'h264-open', 'hevc', 'hevc-open', 'mpeg2', 'mpeg4-b', 'vp8', 'vp9', 'mjpeg'],
    audio: ['aac', 'aac-44', 'ac3', 'mp2', 'mp3', 'mp3-44', 'opus', 'vorbis', 'flac', 'pcm'],
    starts: LATE,
    tracks: [...MOST_TRACKS, ...DEFAULTS],
    edits: [],
    joins: [],
  },
  webm: {
    video: ['vp8', 'vp9'],
    audio: ['opus', 'vorbis'],
    starts: LATE,
    tracks: ['audio-video', 'two-audios', 'two-audios-second-default', 'video-only', 'audio-only'],
    edits: [],
    joins: [],
  },
  ts: TS,
  m2ts: { ...TS, audio: ['aac', 'ac3', 'mp2'] },
  mpg: PS,
  vob: PS,
  avi: {
    video: ['h264-no-b', 'mpeg4', 'mpeg4-b', 'mpeg2', 'mjpeg'],
    audio: ['mp3', 'mp3-44', 'ac3', 'pcm', 'aac'],
    starts: [],
    tracks: ['audio-video', 'two-audios', 'video-only'],
    edits: [],
    joins: [],
  },
  flv: {
    video: ['h264', 'h264-no-b'],
    audio: ['aac', 'aac-44', 'mp3-44'],
    starts: ['video-late', 'audio-late', 'both-late'],
    tracks: ['audio-video', 'video-only', 'audio-only'],
    edits: [],
    joins: [],
  },
  nut: {
    video: ['h264', 'h264-no-b', 'mpeg2', 'mpeg4-b', 'vp9'],
    audio: ['aac', 'ac3', 'mp3', 'opus', 'pcm'],
    starts: ['video-late', 'audio-late'],
    tracks: MOST_TRACKS,
    edits: [],
    joins: [],
  },
  ogg: {
    video: ['theora', 'vp8'],
    audio: ['vorbis', 'opus', 'flac'],
    // Pages cannot say that a stream begins late.
    starts: [],
    tracks: ['audio-video', 'video-only', 'audio-only'],
    edits: [],
    joins: [],
  },
};

/** Weighted: frequent containers appear several times. */
const CONTAINERS: readonly Container[] = [
  ...(['mp4', 'mp4', 'mp4', 'mov', 'mp4-fragmented', 'mkv', 'mkv', 'mkv', 'webm', 'ts', 'ts', 'ts', 'm2ts'] as const),
  ...(['mpg', 'vob', 'avi', 'flv', 'nut', 'ogg'] as const),
];

/** The same plan for the same seed. Each plan has one, two or three oddities. */
export function planOf(seed: number): FilmPlan {
  const choices = new SeededChoices(seed);
  const container = choices.of(CONTAINERS);
  const can = ABILITIES[container];
  const plan: FilmPlan = {
    seed,
    container,
    video: choices.of(can.video),
    audio: choices.of(can.audio),
    videoSeconds: choices.of([3, 4, 6]),
    audioSeconds: 0,
    start: { kind: 'together' },
    tracks: 'video-audio',
    edits: 'none',
    join: 'none',
  };
  plan.audioSeconds = choices.once(3) ? choices.of([2, 4, 6, 8]) : plan.videoSeconds;
  if (can.tracks.length > 0 && choices.once(2)) plan.tracks = choices.of(can.tracks);
  const odd = choices.of(oddities(can));
  if (odd === 'edits') plan.edits = choices.of(can.edits);
  if (odd === 'join') plan.join = choices.of(can.joins);
  if (odd === 'start') plan.start = startOf(choices.of(can.starts), choices);
  return possible(plan);
}

function oddities(can: Abilities): ('none' | 'edits' | 'join' | 'start')[] {
  return [
    'none',
    ...(can.edits.length > 0 ? (['edits', 'edits'] as const) : []),
    ...(can.joins.length > 0 ? (['join', 'join'] as const) : []),
    ...(can.starts.length > 0 ? (['start', 'start'] as const) : []),
  ];
}

function startOf(kind: Start['kind'], choices: SeededChoices): Start {
  if (kind !== 'video-late' && kind !== 'audio-late') return { kind };
  return { kind, seconds: choices.of([0.5, 1, 2.6]) };
}

/** Removes combinations that exclude each other. */
function possible(plan: FilmPlan): FilmPlan {
  const next = { ...plan };
  if (next.join !== 'none') {
    next.tracks = next.join.startsWith('entry') ? 'video-only' : 'video-audio';
    next.audioSeconds = next.videoSeconds = 4;
    if (next.join.startsWith('entry')) next.video = 'h264-baseline';
    if (next.join === 'channels-change' && next.audio !== 'ac3') next.audio = 'aac';
    if (next.join === 'size-changes' && !next.video.startsWith('h264')) next.video = 'h264';
  }
  // Edits show the first seconds of both tracks.
  if (next.edits !== 'none') next.audioSeconds = next.videoSeconds = 8;
  if (next.edits !== 'none' && next.tracks === 'still-first') next.tracks = 'video-audio';
  // A Blu-ray stream has one packet id for video.
  if (next.container === 'm2ts' && next.tracks === 'two-videos') next.tracks = 'video-audio';
  if (next.start.kind.endsWith('-late') && next.start.kind !== 'both-late' && next.tracks.endsWith('-only'))
    next.tracks = 'video-audio';
  return next;
}

/** "mkv: h264 5 s + aac 4 s, audio-video, video-late 1 s" */
export function described(plan: FilmPlan): string {
  const { container, video, audio, videoSeconds, audioSeconds, start, tracks, edits, join } = plan;
  const start_ = 'seconds' in start ? `${start.kind} by ${start.seconds} s` : start.kind;
  const odd = [
    ...(tracks === 'video-audio' ? [] : [tracks]),
    ...(start.kind === 'together' ? [] : [start_]),
    ...(edits === 'none' ? [] : [`edits: ${edits}`]),
    ...(join === 'none' ? [] : [`joined: ${join}`]),
  ];
  return `${container}: ${video} ${videoSeconds} s, ${audio} ${audioSeconds} s${odd.length > 0 ? `, ${odd.join(', ')}` : ''}`;
}
