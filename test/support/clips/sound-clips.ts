// Clips with noise as audio: every moment is unique, so that one sample too many or too few is detected.
import { made } from './clip-cache.ts';
import type { FfmpegRecipe, RecipeBook } from './recipe.ts';

const SECONDS = 12;
export const PART_SECONDS = 6;
const PICTURE = ['-f', 'lavfi', '-i', `testsrc2=s=160x90:r=25:d=${SECONDS}`];
const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '50', '-bf', '0'];

const noise = (seed: number, seconds: number) =>
  `anoisesrc=d=${seconds}:c=white:r=48000:a=0.5:seed=${seed},lowpass=f=7000,lowpass=f=7000,volume=0.6`;

/** Different noise in each front channel. */
const STEREO = [
  '-f',
  'lavfi',
  '-i',
  `${noise(7, SECONDS)}[a];${noise(8, SECONDS)}[b];[a][b]join=inputs=2:channel_layout=stereo`,
];

function clip(extension: string, sound: readonly string[], video: readonly string[] = H264): FfmpegRecipe {
  const args = [...PICTURE, ...STEREO, '-map', '0:v', '-map', '1:a', ...video, '-ac', '2', ...sound];
  return { kind: 'ffmpeg', extension, args: [...args, '-strict', '-2', '-threads', '2'] };
}

/** Six channels with one full-scale signal each, or the centre channel alone. */
function surround(signal: string): FfmpegRecipe {
  const args = ['-f', 'lavfi', '-i', signal, '-c:a', 'flac', '-t', '8'];
  return { kind: 'ffmpeg', extension: 'mkv', args };
}

const SIX = 'asplit=6[a][b][c][d][e][f];[a][b][c][d][e][f]join=inputs=6:channel_layout=5.1';
const LOUD_NOISE = 'anoisesrc=d=8:c=white:r=48000:a=1:seed=1,lowpass=f=8000,volume=6,alimiter=limit=0.99:level=0';

/** A part of a broadcast that starts at `start`; its audio is unlike that of any other part. */
function part(start: number, sound: readonly string[]): FfmpegRecipe {
  const picture = ['-f', 'lavfi', '-i', `testsrc2=s=160x90:r=25:d=${PART_SECONDS}`];
  const signal = ['-f', 'lavfi', '-i', noise(100 + start, PART_SECONDS)];
  const timing = ['-output_ts_offset', String(10 + start), '-muxdelay', '0', '-muxpreload', '0', '-f', 'mpegts'];
  const args = [...picture, ...signal, '-map', '0:v', '-map', '1:a', ...H264, '-b:a', '128k', ...sound, ...timing];
  return { kind: 'ffmpeg', extension: 'ts', args };
}

const SOUND_BOOK = {
  'vorbis-mkv': clip('mkv', ['-c:a', 'libvorbis']),
  'vorbis-44k-mkv': clip('mkv', ['-c:a', 'libvorbis', '-ar', '44100']),
  'vorbis-22k-mkv': clip('mkv', ['-c:a', 'libvorbis', '-ar', '22050']),
  'vorbis-webm': clip('webm', ['-c:a', 'libvorbis'], ['-c:v', 'libvpx', '-deadline', 'realtime']),
  'vorbis-ogv': clip('ogv', ['-c:a', 'libvorbis'], ['-c:v', 'libtheora']),
  'opus-mkv': clip('mkv', ['-c:a', 'libopus']),
  'opus-short-mkv': clip('mkv', ['-c:a', 'libopus', '-frame_duration', '2.5']),
  'opus-mp4': clip('mp4', ['-c:a', 'libopus']),
  'opus-ts': clip('ts', ['-c:a', 'libopus']),
  'flac-mkv': clip('mkv', ['-c:a', 'flac']),
  'flac-88k-mkv': clip('mkv', ['-c:a', 'flac', '-ar', '88200']),
  'alac-mov': clip('mov', ['-c:a', 'alac']),
  'tta-mkv': clip('mkv', ['-c:a', 'tta']),
  'wavpack-mkv': clip('mkv', ['-c:a', 'wavpack']),
  'pcm-mkv': clip('mkv', ['-c:a', 'pcm_s16le']),
  'pcm-11k-mov': clip('mov', ['-c:a', 'pcm_s16be', '-ar', '11025']),
  'mulaw-mov': clip('mov', ['-c:a', 'pcm_mulaw', '-ar', '8000']),
  'pcm-avi': clip('avi', ['-c:a', 'pcm_s16le']),
  'adpcm-avi': clip('avi', ['-c:a', 'adpcm_ms']),
  'adpcm-mov': clip('mov', ['-c:a', 'adpcm_ima_qt']),
  's302m-ts': clip('ts', ['-c:a', 's302m']),
  'bluray-ts': clip('ts', ['-c:a', 'pcm_bluray', '-mpegts_m2ts_mode', '1']),
  'ac3-mkv': clip('mkv', ['-c:a', 'ac3']),
  'ac3-44k-mkv': clip('mkv', ['-c:a', 'ac3', '-ar', '44100']),
  'ac3-ts': clip('ts', ['-c:a', 'ac3']),
  'eac3-mp4': clip('mp4', ['-c:a', 'eac3']),
  'dts-mkv': clip('mkv', ['-c:a', 'dca']),
  'dts-ts': clip('ts', ['-c:a', 'dca']),
  'truehd-mkv': clip('mkv', ['-c:a', 'truehd']),
  'truehd-96k-mkv': clip('mkv', ['-c:a', 'truehd', '-ar', '96000']),
  'truehd-ts': clip('ts', ['-c:a', 'truehd']),
  'mp2-ts': clip('ts', ['-c:a', 'mp2']),
  'mp3-mkv': clip('mkv', ['-c:a', 'libmp3lame']),
  'mp3-44k-mkv': clip('mkv', ['-c:a', 'libmp3lame', '-ar', '44100']),
  'mp3-mp4': clip('mp4', ['-c:a', 'libmp3lame']),
  'mp3-avi': clip('avi', ['-c:a', 'libmp3lame']),
  'wma1-asf': clip('asf', ['-c:a', 'wmav1'], ['-c:v', 'wmv2']),
  'wma2-asf': clip('asf', ['-c:a', 'wmav2'], ['-c:v', 'wmv2']),
  'latm-ts': clip('ts', ['-c:a', 'aac', '-mpegts_flags', 'latm']),
  'aac-mp4': clip('mp4', ['-c:a', 'aac']),
  'aac-32k-mkv': clip('mkv', ['-c:a', 'aac', '-ar', '32000']),
  'loud-noise': surround(`${LOUD_NOISE},${SIX}`),
  'loud-tone': surround(`sine=f=220:d=8:r=48000,volume=8,${SIX}`),
  dialogue: surround(
    'anoisesrc=d=8:c=pink:r=48000:a=0.3:seed=5,pan=5.1|FL=0*c0|FR=0*c0|FC=c0|LFE=0*c0|BL=0*c0|BR=0*c0',
  ),
  'aac-six-0': part(0, ['-c:a', 'aac', '-ac', '6']),
  'aac-six-12': part(12, ['-c:a', 'aac', '-ac', '6']),
  'aac-two-0': part(0, ['-c:a', 'aac', '-ac', '2']),
  'aac-two-6': part(6, ['-c:a', 'aac', '-ac', '2']),
  'aac-two-12': part(12, ['-c:a', 'aac', '-ac', '2']),
  'aac-six-6': part(6, ['-c:a', 'aac', '-ac', '6']),
  'aac-one-6': part(6, ['-c:a', 'aac', '-ac', '1']),
  'aac-44k-6': part(6, ['-c:a', 'aac', '-ac', '2', '-ar', '44100']),
  'ac3-six-0': part(0, ['-c:a', 'ac3', '-ac', '6']),
  'ac3-two-6': part(6, ['-c:a', 'ac3', '-ac', '2']),
  'ac3-six-12': part(12, ['-c:a', 'ac3', '-ac', '6']),
  still: {
    kind: 'ffmpeg',
    extension: 'png',
    args: ['-f', 'lavfi', '-i', 'testsrc2=s=160x90:r=25:d=0.04', '-frames:v', '1', '-f', 'image2', '-update', '1'],
  },
  'minute-m4a': {
    kind: 'ffmpeg',
    extension: 'm4a',
    args: ['-f', 'lavfi', '-i', noise(7, 60), '-c:a', 'aac', '-ac', '2'],
  },
  'one-picture-mkv': {
    kind: 'ffmpeg',
    extension: 'mkv',
    args: [
      ...['-i', '{still}', '-i', '{minute-m4a}', '-map', '0:v', '-map', '1:a'],
      ...['-c:v', 'libx264', '-pix_fmt', 'yuv420p', '-c:a', 'copy'],
    ],
  },
  'german-mkv': clip('mkv', ['-c:a', 'ac3', '-metadata:s:a', 'language=ger']),
} as const satisfies RecipeBook;

export type SoundClip = keyof typeof SOUND_BOOK;

export function soundClip(name: SoundClip): Promise<string> {
  return made(SOUND_BOOK, name);
}
