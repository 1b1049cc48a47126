// The elementary video and audio streams that generated files are muxed from, each encoded once on its own.
import type { FfmpegRecipe, RecipeBook } from '../clips/recipe.ts';
import { codedPictures } from '../clips/coded-picture.ts';
import { codedSound, type CodedSound } from '../clips/coded-sound.ts';

export const RATE = 25;
export const FRAME = 1 / RATE;
export const SMALL = { width: 160, height: 90 } as const;
export const LARGE = { width: 320, height: 180 } as const;

const H264 = ['-c:v', 'libx264', '-preset', 'veryfast', '-crf', '28', '-pix_fmt', 'yuv420p'];
const GROUP = ['-g', '25', '-keyint_min', '25', '-sc_threshold', '0'];
const X265 = 'log-level=error:pools=1:keyint=25:min-keyint=25:scenecut=0:bframes=2';

export const VIDEO_CODINGS = {
  h264: { extension: 'mp4', options: [...H264, ...GROUP, '-bf', '2'] },
  'h264-no-b': { extension: 'mp4', options: [...H264, ...GROUP, '-bf', '0'] },
  'h264-open': { extension: 'mp4', options: [...H264, ...GROUP, '-bf', '3', '-x264-params', 'open-gop=1:b-adapt=0'] },
  'h264-baseline': { extension: 'mp4', options: [...H264, ...GROUP, '-profile:v', 'baseline', '-bf', '0'] },
  hevc: { extension: 'mp4', options: x265('open-gop=0') },
  'hevc-open': { extension: 'mp4', options: x265('open-gop=1') },
  mpeg2: { extension: 'mkv', options: ['-c:v', 'mpeg2video', '-q:v', '3', '-g', '12', '-bf', '2'] },
  mpeg4: { extension: 'mp4', options: ['-c:v', 'mpeg4', '-q:v', '3', '-g', '25', '-bf', '0'] },
  'mpeg4-b': { extension: 'mp4', options: ['-c:v', 'mpeg4', '-q:v', '3', '-g', '25', '-bf', '2'] },
  mjpeg: { extension: 'mov', options: ['-c:v', 'mjpeg', '-q:v', '3', '-pix_fmt', 'yuvj420p'] },
  vp8: { extension: 'mkv', options: ['-c:v', 'libvpx', '-b:v', '300k', '-deadline', 'realtime', '-g', '25'] },
  vp9: {
    extension: 'mkv',
    options: ['-c:v', 'libvpx-vp9', '-b:v', '300k', '-deadline', 'realtime', '-cpu-used', '8', '-g', '25'],
  },
  theora: { extension: 'ogg', options: ['-c:v', 'libtheora', '-q:v', '8', '-g', '25'] },
} as const satisfies Record<string, { extension: string; options: readonly string[] }>;
export type VideoCoding = keyof typeof VIDEO_CODINGS;

export const AUDIO_CODINGS = {
  aac: { extension: 'mp4', options: ['-c:a', 'aac', '-b:a', '96k', '-ar', '48000'] },
  'aac-44': { extension: 'mp4', options: ['-c:a', 'aac', '-b:a', '96k', '-ar', '44100'] },
  ac3: { extension: 'mp4', options: ['-c:a', 'ac3', '-b:a', '128k', '-ar', '48000'] },
  mp2: { extension: 'mkv', options: ['-c:a', 'mp2', '-b:a', '160k', '-ar', '48000'] },
  mp3: { extension: 'mkv', options: ['-c:a', 'libmp3lame', '-b:a', '128k', '-ar', '48000'] },
  'mp3-44': { extension: 'mkv', options: ['-c:a', 'libmp3lame', '-b:a', '128k', '-ar', '44100'] },
  opus: { extension: 'mkv', options: ['-c:a', 'libopus', '-b:a', '96k', '-ar', '48000'] },
  vorbis: { extension: 'mkv', options: ['-c:a', 'libvorbis', '-q:a', '4', '-ar', '48000'] },
  flac: { extension: 'mkv', options: ['-c:a', 'flac', '-ar', '48000'] },
  pcm: { extension: 'mov', options: ['-c:a', 'pcm_s16le', '-ar', '48000'] },
} as const satisfies Record<string, { extension: string; options: readonly string[] }>;
export type AudioCoding = keyof typeof AUDIO_CODINGS;

export interface VideoStream {
  coding: VideoCoding;
  seconds: number;
  firstNumber: number;
  size: { readonly width: number; readonly height: number };
}

export interface AudioStream {
  coding: AudioCoding;
  seconds: number;
  firstSecond: number;
  voice: number;
  layout: NonNullable<CodedSound['layout']>;
}

export function videoName({ coding, seconds, firstNumber, size }: VideoStream): string {
  return `video-${coding}-${seconds}s-from-${firstNumber}-${size.height}`;
}

export function audioName({ coding, seconds, firstSecond, voice, layout }: AudioStream): string {
  return `audio-${coding}-${seconds}s-from-${firstSecond}-voice-${voice}-${layout}`;
}

/** The recipes of those streams. */
export function streamRecipes(videos: readonly VideoStream[], audios: readonly AudioStream[]): RecipeBook {
  const book: Record<string, FfmpegRecipe> = {};
  for (const stream of videos) book[videoName(stream)] = videoRecipe(stream);
  for (const stream of audios) book[audioName(stream)] = audioRecipe(stream);
  return book;
}

function videoRecipe({ coding, seconds, firstNumber, size }: VideoStream): FfmpegRecipe {
  const { extension, options } = VIDEO_CODINGS[coding];
  const input = codedPictures({ ...size, rate: String(RATE), seconds, firstNumber });
  return { kind: 'ffmpeg', extension, args: [...input, ...options, '-threads', '1'] };
}

function audioRecipe({ coding, ...sound }: AudioStream): FfmpegRecipe {
  const { extension, options } = AUDIO_CODINGS[coding];
  return { kind: 'ffmpeg', extension, args: [...codedSound(sound), ...options] };
}

function x265(more: string): string[] {
  return [
    '-c:v',
    'libx265',
    '-preset',
    'ultrafast',
    '-crf',
    '28',
    '-pix_fmt',
    'yuv420p',
    '-tag:v',
    'hvc1',
    '-x265-params',
    `${X265}:${more}`,
  ];
}
