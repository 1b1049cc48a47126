// The recipe of every clip. `catalogue.ts` has the facts of each.
import {
  BROADCAST,
  FILM_RATE,
  H264,
  INGREDIENTS,
  LONG_CUTS,
  LONG_FRAMES,
  LOOP_CUTS,
  LOOP_FRAMES,
  LOOPS,
  MEDIUM,
  PYRAMID,
  SMALL,
  momentsOf,
  pictured,
} from './ingredients.ts';
import type { FfmpegRecipe, PictureRecipe, RecipeBook } from './recipe.ts';
import { soundInput } from './sound.ts';
import { HTML_PAGE, PLAIN_TEXT } from './texts.ts';

/** Seconds after which the 33-bit clock of 90 kHz wraps to 0. */
const WRAP_SECONDS = 2 ** 33 / 90000;

/** Every seventh frame is missing from the first 300, and 96 in a row (4 s) from frame 480 on. */
const VFR_SELECT = String.raw`select=not(between(n\,480\,575)+eq(mod(n\,7)\,3)*lt(n\,300))`;

const PAIR = ['-i', '{video-main}', '-i', '{sound-eng}', '-map', '0:v', '-map', '1:a', '-c', 'copy'];
const PAIR_25 = ['-i', '{video-25}', '-i', '{sound-25}', '-map', '0:v', '-map', '1:a', '-c', 'copy'];
const LATE = ['-i', '{video-25}', '-itsoffset', '2', '-i', '{sound-25-late}', '-c', 'copy'];
const COVER = ['-c', 'copy', '-disposition:v:0', 'attached_pic'];

export const CLIP_RECIPES = {
  'mp4-faststart': muxed('mp4', [...PAIR, '-movflags', '+faststart']),
  'mp4-moov-last': muxed('mp4', PAIR),
  'mkv-two-audio': muxed('mkv', [
    ...[
      '-i',
      '{video-main}',
      '-i',
      '{sound-ac3}',
      '-i',
      '{sound-fra}',
      '-i',
      '{srt}',
      '-i',
      '{ass}',
      '-i',
      '{chapters}',
    ],
    ...['-map', '0:v', '-map', '1:a', '-map', '2:a', '-map', '3:s', '-map', '4:s', '-map_chapters', '5', '-c', 'copy'],
    ...['-metadata:s:a:0', 'language=eng', '-metadata:s:a:0', 'title=English 5.1'],
    ...['-metadata:s:a:1', 'language=fra', '-metadata:s:a:1', 'title=Français'],
    ...['-metadata:s:s:0', 'language=eng', '-metadata:s:s:1', 'language=ger', '-metadata:s:s:1', 'title=Deutsch'],
    ...['-disposition:a:0', 'default', '-disposition:a:1', '0', '-disposition:s:0', 'default', '-disposition:s:1', '0'],
  ]),
  'mkv-no-cues': { ...muxed('mkv', [...PAIR, '-f', 'matroska']), piped: true },
  'mkv-start-37.5': muxed('mkv', [...PAIR_25, '-output_ts_offset', '37.5']),
  'ts-start-37.5': muxed('ts', [...PAIR_25, '-output_ts_offset', '37.5', '-muxdelay', '0', '-muxpreload', '0']),
  ts: muxed('ts', PAIR),
  'ts-wrap': muxed('ts', [...PAIR_25, '-output_ts_offset', (WRAP_SECONDS - 11.4).toFixed(6)]),
  'ts-hevc': muxed('ts', ['-i', '{video-hevc}', '-i', '{sound-25}', '-map', '0:v', '-map', '1:a', '-c', 'copy']),
  'hevc-open-gop-10bit': muxed('mkv', ['-i', '{video-hevc-open-gop-10bit}', '-i', '{sound-film}', '-c', 'copy']),
  'h264-open-gop': muxed('mkv', ['-i', '{video-h264-open-gop}', '-i', '{sound-film}', '-c', 'copy']),
  vfr: pictured(SMALL, { rate: FILM_RATE, frames: 960 }, [
    ...[...soundInput({ hertz: 1000, everySeconds: 1.001, seconds: 40.04 }), '-map', '0:v', '-map', '1:a'],
    ...['-vf', VFR_SELECT, '-fps_mode', 'passthrough', ...H264, '-crf', '26', '-g', '60', '-x264-params', PYRAMID],
    ...[
      '-video_track_timescale',
      '24000',
      '-c:a',
      'aac',
      '-aac_coder',
      'fast',
      '-b:a',
      '96k',
      '-movflags',
      '+faststart',
    ],
  ]),
  'avi-mpeg4-bframes': {
    ...pictured(BROADCAST, { rate: '25', frames: 750 }, [
      ...[...soundInput({ hertz: 1000, everySeconds: 1, seconds: 30 }), '-map', '0:v', '-map', '1:a'],
      ...['-c:v', 'mpeg4', '-bf', '2', '-q:v', '4', '-g', '75', '-vtag', 'XVID', '-c:a', 'libmp3lame', '-b:a', '128k'],
    ]),
    extension: 'avi',
  },
  // CodecDelay states Opus' pre-skip of 6.5 ms already; without the offset, ffmpeg delays the video by as much.
  'webm-vp9-opus': muxed('webm', ['-i', '{video-vp9}', '-itsoffset', '0.0065', '-i', '{sound-opus}', '-c', 'copy']),
  'interlaced-mp4': muxed('mp4', [
    '-i',
    '{video-interlaced}',
    '-i',
    '{sound-25}',
    '-c',
    'copy',
    '-movflags',
    '+faststart',
  ]),
  'interlaced-ts': muxed('ts', ['-i', '{video-interlaced}', '-i', '{sound-25}', '-c', 'copy']),
  'one-keyframe': muxed('mp4', [
    '-i',
    '{video-one-keyframe}',
    '-i',
    '{sound-eng}',
    '-c',
    'copy',
    '-movflags',
    '+faststart',
  ]),
  'video-only': muxed('mp4', ['-i', '{video-25}', '-c', 'copy', '-movflags', '+faststart']),
  'audio-m4a': muxed('m4a', ['-i', '{sound-eng}', '-c', 'copy', '-movflags', '+faststart']),
  'audio-mp3': muxed('mp3', [...soundInput({ hertz: 1000, everySeconds: 1, seconds: 30 }), '-c:a', 'libmp3lame']),
  'audio-flac': muxed('flac', [...soundInput({ hertz: 1000, everySeconds: 1, seconds: 30 }), '-c:a', 'flac']),
  'mono-44100': muxed('mp4', ['-i', '{video-25}', '-i', '{sound-25-mono}', '-c', 'copy', '-movflags', '+faststart']),
  'aac-7.1': muxed('mkv', ['-i', '{video-25}', '-i', '{sound-25-7.1}', '-c', 'copy']),
  'late-audio-mp4': muxed('mp4', [...LATE, '-movflags', '+faststart']),
  'late-audio-mkv': muxed('mkv', LATE),
  'cover-mp4': muxed('mp4', [
    ...['-i', '{cover}', '-i', '{video-25}', '-i', '{sound-25}', '-map', '0:v', '-map', '1:v', '-map', '2:a'],
    ...[...COVER, '-disposition:v:1', 'default', '-movflags', '+faststart'],
  ]),
  'cover-mp3': muxed('mp3', ['-i', '{audio-mp3}', '-i', '{cover}', '-map', '0:a', '-map', '1:v', ...COVER]),
  // Stored rotated by 90 degrees; players rotate it clockwise by the display matrix.
  rotated: muxed('mp4', [
    ...['-i', '{video-turned}', '-i', '{sound-25}', '-map', '0:v', '-map', '1:a', '-c', 'copy'],
    ...['-metadata:s:v:0', 'rotate=270', '-movflags', '+faststart'],
  ]),
  'mkv-truncated': { kind: 'bytes', extension: 'mkv', from: 'mkv-two-audio', edit: firstThreeFifths },
  'mp4-truncated': { kind: 'bytes', extension: 'mp4', from: 'mp4-faststart', edit: firstThreeFifths },
  'mp4-moov-missing': { kind: 'bytes', extension: 'mp4', from: 'mp4-moov-last', edit: firstThreeFifths },
  'mkv-damaged': { kind: 'bytes', extension: 'mkv', from: 'mkv-two-audio', edit: damaged },
  empty: { kind: 'text', extension: 'mp4', text: '' },
  'text-mkv': { kind: 'text', extension: 'mkv', text: PLAIN_TEXT },
  'html-mp4': { kind: 'text', extension: 'mp4', text: HTML_PAGE },
  'long-1080p': highDefinition(LONG_FRAMES, LONG_CUTS),
  'long-1080p-mkv': muxed('mkv', ['-i', '{long-1080p}', '-c', 'copy']),
  'long-looped-1080p': muxed('mp4', [
    ...['-stream_loop', `${LOOPS - 1}`, '-i', '{one-loop-1080p}', '-c', 'copy', '-movflags', '+faststart'],
  ]),
} satisfies RecipeBook;

export const BOOK: RecipeBook = {
  ...INGREDIENTS,
  'one-loop-1080p': highDefinition(LOOP_FRAMES, LOOP_CUTS),
  ...CLIP_RECIPES,
};

/** Full HD with noise: 6 Mbit/s, a usual bit rate. */
function highDefinition(frames: number, cuts: readonly number[]): PictureRecipe {
  const seconds = (frames * 1001) / 24000;
  return pictured({ ...MEDIUM, cuts }, { rate: FILM_RATE, frames }, [
    ...[...soundInput({ hertz: 1000, everySeconds: 1.001, seconds }), '-map', '0:v', '-map', '1:a'],
    ...['-vf', 'scale=1920:1080:flags=fast_bilinear,noise=alls=8:allf=t', '-c:v', 'libx264', '-preset', 'ultrafast'],
    ...['-profile:v', 'high', '-pix_fmt', 'yuv420p', '-b:v', '6M', '-bf', '3'],
    ...['-x264-params', `${PYRAMID}:keyint=infinite`, '-force_key_frames', momentsOf(cuts, 1001 / 24000)],
    ...['-c:a', 'aac', '-aac_coder', 'fast', '-b:a', '128k', '-movflags', '+faststart'],
  ]);
}

function muxed(extension: string, args: readonly string[]): FfmpegRecipe {
  return { kind: 'ffmpeg', extension, args };
}

function firstThreeFifths(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(0, Math.floor(bytes.length * 0.6));
}

/** Five stretches of 60 kB overwritten with noise, away from the start and the end of the file. */
function damaged(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  let state = 20240607;
  for (let hole = 0; hole < 5; hole += 1) {
    const first = Math.floor(bytes.length * (0.15 + hole * 0.15));
    for (let i = first; i < first + 60_000; i += 1) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      copy[i] = state >>> 24;
    }
  }
  return copy;
}
