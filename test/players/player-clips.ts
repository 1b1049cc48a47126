// Twenty films of everyday kinds for foreign players: each codec and container that people have, 24 s, one keyframe a second.
import type { AudioCoding, VideoCoding } from '../support/fuzz/elementary-streams.ts';
import type { Container, FilmPlan } from '../support/fuzz/film-plan.ts';

export const CLIP_SECONDS = 24;

const CLIPS: readonly (readonly [Container, VideoCoding, AudioCoding])[] = [
  ['mp4', 'h264', 'aac'],
  ['mp4', 'h264-no-b', 'aac-44'],
  ['mp4', 'h264-open', 'aac'],
  ['mp4', 'hevc', 'aac'],
  ['mp4', 'hevc-open', 'aac'],
  ['mp4', 'mpeg4-b', 'mp3'],
  ['mp4-fragmented', 'h264', 'aac'],
  ['mov', 'h264', 'pcm'],
  ['mkv', 'h264', 'ac3'],
  ['mkv', 'h264', 'opus'],
  ['mkv', 'h264', 'vorbis'],
  ['mkv', 'h264-open', 'flac'],
  ['mkv', 'hevc-open', 'ac3'],
  ['webm', 'vp9', 'opus'],
  ['webm', 'vp8', 'vorbis'],
  ['ts', 'h264', 'aac'],
  ['ts', 'mpeg2', 'mp2'],
  ['m2ts', 'h264', 'ac3'],
  ['avi', 'mpeg4', 'mp3'],
  ['flv', 'h264', 'aac'],
];

export interface PlayerClip {
  name: string;
  plan: FilmPlan;
}

export const PLAYER_CLIPS: readonly PlayerClip[] = CLIPS.map(([container, video, audio]) => ({
  name: `${container}-${video}-${audio}`,
  plan: {
    ...{ seed: 0, container, video, audio, videoSeconds: CLIP_SECONDS, audioSeconds: CLIP_SECONDS },
    ...{ start: { kind: 'together' }, tracks: 'video-audio', edits: 'none', join: 'none' },
  },
}));
