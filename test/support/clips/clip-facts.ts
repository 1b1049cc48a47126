// The shape of the catalogue's entries: the facts of a clip.
import type { Rational } from '../../../src/base/rational.ts';

export interface VideoFacts {
  codec: 'h264' | 'hevc' | 'vp9' | 'mpeg4';
  /** Displayed size, after rotation. */
  width: number;
  height: number;
  frameRate: Rational;
  /** The frame counter in order of presentation; frame n is due `n / frameRate` after frame 0. */
  frameNumbers: readonly number[];
  /** Frame numbers of the keyframes. */
  keyframes: readonly number[];
  /** Whether the video can be copied in segments cut at its keyframes, for a client that supports the codec. */
  copyable: boolean;
  bitDepth: 8 | 10;
  /** Whether pictures that follow a keyframe in the file are shown before it. */
  openGop: boolean;
  interlaced: boolean;
  /** Clockwise rotation in degrees for display. */
  rotationDegrees: 0 | 90;
}

export interface AudioFacts {
  codec: 'aac' | 'ac3' | 'mp3' | 'opus' | 'flac';
  /** As the container states it; 'und' without a language. */
  language: string;
  channels: number;
  sampleRate: number;
  beepHertz: number;
  /** Start of the audio, and so of the first beep, from the clip's `startSeconds`. */
  startSeconds: number;
}

export interface Chapter {
  startSeconds: number;
  endSeconds: number;
  title: string;
}

export interface PlayingClip {
  verdict: 'plays';
  /** ffprobe's name of the container. */
  container: string;
  /** Duration of the presentation: frames over frame rate, or that of the audio without video. */
  durationSeconds: number;
  /** Whether the container states the right duration; otherwise `durationSeconds` is derived from the packets. */
  durationStated: boolean;
  /** Container time of the first video frame, or of the audio without video. */
  startSeconds: number;
  video?: VideoFacts;
  audio: readonly AudioFacts[];
  /** Interval of the beeps, and of the frames with a flash. */
  beepEverySeconds: number;
  subtitles: readonly { codec: 'subrip' | 'ass'; language: string }[];
  chapters: readonly Chapter[];
  coverArt: boolean;
  /** Whether parts of the file are destroyed: frames are missing, and `frameNumbers` lists those of the undamaged file. */
  damaged: boolean;
}

export interface RefusedClip {
  verdict: 'refused';
  /** Words that a true error sentence contains. */
  reason: RegExp;
}

export type ClipFacts = PlayingClip | RefusedClip;

/** `[first, end)` in steps. */
export function range(first: number, end: number, step = 1): number[] {
  return Array.from({ length: Math.ceil((end - first) / step) }, (_, i) => first + i * step);
}
