// The ingredients of the clips: encoded once, remuxed many times.
import type { PictureOptions } from './picture.ts';
import type { FfmpegRecipe, PictureRecipe, RecipeBook } from './recipe.ts';
import { soundInput, type Sound } from './sound.ts';
import { ASS, CHAPTERS, SRT } from './texts.ts';

/** Frames at which the scene of the main video changes and a GOP starts: 0.5, 1, 2.2, 5 and 10 s apart. */
export const SCENE_CUTS: readonly number[] = [
  0, 12, 36, 89, 209, 449, 473, 485, 538, 778, 898, 951, 975, 987, 1227, 1347,
];

/** 180 s at 24000/1001, with GOPs of 12 to 249 frames (0.5 to 10.4 s). */
export const LONG_FRAMES = 4316;
export const LONG_CUTS: readonly number[] = longCuts();

/** The same video at low cost: its first 20 s, repeated. */
export const LOOPS = 9;
export const LOOP_FRAMES = 480;
export const LOOP_CUTS: readonly number[] = LONG_CUTS.filter((frame) => frame < LOOP_FRAMES);

export const FILM_RATE = '24000/1001';
export const H264 = [
  '-c:v',
  'libx264',
  '-preset',
  'superfast',
  '-pix_fmt',
  'yuv420p',
  '-profile:v',
  'high',
  '-bf',
  '3',
];
/** Three B-frames after every reference, the middle one a reference too; keyframes only at the given frames. */
export const PYRAMID = 'b-adapt=0:b-pyramid=normal:scenecut=0';

const FILM = { flashEvery: 24, cuts: SCENE_CUTS, interlaced: false };
export const SMALL: PictureOptions = { width: 320, height: 180, ...FILM };
export const MEDIUM: PictureOptions = { width: 640, height: 360, ...FILM };
export const BROADCAST: PictureOptions = { ...SMALL, flashEvery: 25 };

export const INGREDIENTS = {
  'video-main': pictured(MEDIUM, { rate: FILM_RATE, frames: 1439 }, [
    ...[...H264, '-b:v', '900k', '-x264-params', `${PYRAMID}:keyint=infinite`],
    ...['-force_key_frames', momentsOf(SCENE_CUTS, 1001 / 24000)],
  ]),
  'video-25': pictured(BROADCAST, { rate: '25', frames: 500 }, [
    ...H264,
    '-crf',
    '26',
    '-g',
    '50',
    '-x264-params',
    PYRAMID,
  ]),
  'video-one-keyframe': pictured(SMALL, { rate: FILM_RATE, frames: 1439 }, [
    ...[...H264, '-crf', '30', '-x264-params', `${PYRAMID}:keyint=infinite`],
  ]),
  'video-h264-open-gop': pictured(SMALL, { rate: FILM_RATE, frames: 720 }, [
    ...[...H264, '-crf', '26', '-x264-params', `${PYRAMID}:open-gop=1:keyint=48:min-keyint=48`],
  ]),
  'video-hevc-open-gop-10bit': pictured(SMALL, { rate: FILM_RATE, frames: 720 }, [
    ...['-c:v', 'libx265', '-preset', 'veryfast', '-pix_fmt', 'yuv420p10le', '-profile:v', 'main10', '-crf', '28'],
    ...[
      '-tag:v',
      'hvc1',
      '-x265-params',
      'log-level=error:pools=2:open-gop=1:keyint=48:min-keyint=48:scenecut=0:bframes=4:b-adapt=0',
    ],
  ]),
  'video-hevc': pictured(BROADCAST, { rate: '25', frames: 500 }, [
    ...['-c:v', 'libx265', '-preset', 'veryfast', '-pix_fmt', 'yuv420p', '-crf', '28', '-tag:v', 'hvc1'],
    ...['-x265-params', 'log-level=error:pools=2:open-gop=0:keyint=50:min-keyint=50:scenecut=0:bframes=3'],
  ]),
  'video-interlaced': pictured(
    { ...BROADCAST, width: 360, height: 288, interlaced: true },
    { rate: '25', frames: 500 },
    [
      ...[
        '-vf',
        'setfield=tff',
        ...H264,
        '-flags',
        '+ildct+ilme',
        '-crf',
        '26',
        '-g',
        '50',
        '-x264-params',
        'tff=1:scenecut=0',
      ],
    ],
  ),
  'video-turned': pictured({ ...BROADCAST, width: 360, height: 640 }, { rate: '25', frames: 500 }, [
    ...['-vf', 'transpose=cclock', ...H264, '-crf', '26', '-g', '50', '-x264-params', PYRAMID],
  ]),
  'video-vp9': pictured({ ...SMALL, flashEvery: 30 }, { rate: '30', frames: 600 }, [
    ...['-c:v', 'libvpx-vp9', '-b:v', '400k', '-deadline', 'good', '-cpu-used', '5', '-row-mt', '1'],
    ...['-g', '120', '-auto-alt-ref', '1', '-lag-in-frames', '16'],
  ]),
  'sound-eng': sound({ hertz: 1000, everySeconds: 1.001, seconds: 60.018 }, [
    '-c:a',
    'aac',
    '-aac_coder',
    'fast',
    '-b:a',
    '96k',
  ]),
  'sound-fra': sound({ hertz: 500, everySeconds: 1.001, seconds: 60.018 }, [
    '-c:a',
    'aac',
    '-aac_coder',
    'fast',
    '-b:a',
    '96k',
  ]),
  'sound-ac3': sound({ hertz: 1000, everySeconds: 1.001, seconds: 60.018, layout: '5.1' }, [
    '-c:a',
    'ac3',
    '-b:a',
    '192k',
  ]),
  'sound-film': sound({ hertz: 1000, everySeconds: 1.001, seconds: 30.03 }, [
    '-c:a',
    'aac',
    '-aac_coder',
    'fast',
    '-b:a',
    '96k',
  ]),
  'sound-25': sound({ hertz: 1000, everySeconds: 1, seconds: 20 }, [
    '-c:a',
    'aac',
    '-aac_coder',
    'fast',
    '-b:a',
    '96k',
  ]),
  'sound-25-late': sound({ hertz: 1000, everySeconds: 1, seconds: 20, skipSeconds: 2 }, [
    '-c:a',
    'aac',
    '-aac_coder',
    'fast',
    '-b:a',
    '96k',
  ]),
  'sound-25-mono': sound({ hertz: 1000, everySeconds: 1, seconds: 20, layout: 'mono', rate: 44100 }, [
    '-c:a',
    'aac',
    '-aac_coder',
    'fast',
  ]),
  'sound-25-7.1': sound({ hertz: 1000, everySeconds: 1, seconds: 20, layout: '7.1' }, [
    '-c:a',
    'aac',
    '-aac_coder',
    'fast',
    '-b:a',
    '320k',
  ]),
  'sound-opus': sound({ hertz: 1000, everySeconds: 1, seconds: 20 }, ['-c:a', 'libopus', '-b:a', '64k']),
  cover: {
    kind: 'ffmpeg',
    extension: 'png',
    args: ['-f', 'lavfi', '-i', 'testsrc=size=300x300', '-frames:v', '1'],
  },
  srt: { kind: 'text', extension: 'srt', text: SRT },
  ass: { kind: 'text', extension: 'ass', text: ASS },
  chapters: { kind: 'text', extension: 'txt', text: CHAPTERS },
} satisfies RecipeBook;

function longCuts(): number[] {
  const gops = [249, 60, 12, 101, 170, 36, 24, 143, 88, 210, 17, 55];
  const cuts: number[] = [];
  for (let frame = 0; frame < LONG_FRAMES; frame += gops[(cuts.length - 1) % gops.length] ?? 1) cuts.push(frame);
  return cuts;
}

/** `-force_key_frames` for those frames: ffmpeg rounds each time to the nearest frame. */
export function momentsOf(frames: readonly number[], frameSeconds: number): string {
  return frames.map((frame) => (frame * frameSeconds).toFixed(6)).join(',');
}

export interface Length {
  rate: string;
  frames: number;
}

export function pictured(picture: PictureOptions, { rate, frames }: Length, encode: readonly string[]): PictureRecipe {
  return { kind: 'picture', extension: 'mp4', picture, frameRate: rate, frames, encode };
}

function sound(options: Sound, encode: readonly string[]): FfmpegRecipe {
  return { kind: 'ffmpeg', extension: 'mp4', args: [...soundInput(options), ...encode] };
}
