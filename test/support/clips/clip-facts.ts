// What can be said of a clip: the shape of the entries of the catalogue.
import type { Rational } from '../../../src/base/rational.ts';

export interface VideoFacts {
  codec: 'h264' | 'hevc' | 'vp9' | 'mpeg4';
  /** As shown, upright. */
  width: number;
  height: number;
  frameRate: Rational;
  /** What the frame counter shows, in order of presentation; frame n is due `n / frameRate` after frame 0. */
  frameNumbers: readonly number[];
  /** Frame numbers of the keyframes. */
  keyframes: readonly number[];
  /** Whether the coded video can be cut at its keyframes and passed on, for a client that knows the codec. */
  copyable: boolean;
  bitDepth: 8 | 10;
  /** Whether pictures after a keyframe in the file are shown before it. */
  openGop: boolean;
  interlaced: boolean;
  /** Clockwise degrees the stored picture is turned to be shown. */
  rotationDegrees: 0 | 90;
}

export interface AudioFacts {
  codec: 'aac' | 'ac3' | 'mp3' | 'opus' | 'flac';
  /** As the container says; 'und' when it says nothing. */
  language: string;
  channels: number;
  sampleRate: number;
  beepHertz: number;
  /** When the sound, and with it the first beep, begins: from the clip's `startSeconds`. */
  startSeconds: number;
}

export interface Chapter {
  startSeconds: number;
  endSeconds: number;
  title: string;
}

export interface PlayingClip {
  verdict: 'plays';
  /** As ffprobe names it. */
  container: string;
  /** Length of the presentation: frames over frame rate, or of the sound when there is no video. */
  durationSeconds: number;
  /** Whether the container states the length; when it does not, or states it wrongly, `durationSeconds` is what the packets say. */
  durationStated: boolean;
  /** Container time of the first video frame (or of the sound, when there is no video). */
  startSeconds: number;
  video?: VideoFacts;
  audio: readonly AudioFacts[];
  /** From the start of one beep, and of the frame with the flash, to the next. */
  beepEverySeconds: number;
  subtitles: readonly { codec: 'subrip' | 'ass'; language: string }[];
  chapters: readonly Chapter[];
  coverArt: boolean;
  /** Whether stretches of the file are destroyed: frames are missing and `frameNumbers` is what was there. */
  damaged: boolean;
}

export interface RefusedClip {
  verdict: 'refused';
  /** What a truthful sentence about it mentions. */
  reason: RegExp;
}

export type ClipFacts = PlayingClip | RefusedClip;

/** `[first, end)` in steps. */
export function range(first: number, end: number, step = 1): number[] {
  return Array.from({ length: Math.ceil((end - first) / step) }, (_, i) => first + i * step);
}
