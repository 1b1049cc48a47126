// Clips with several videos, several programmes, unusual containers, and codings that change, for the tests of which frames are
// shown and when. All have the frame counter and 25 frames per second.
import { made } from './clip-cache.ts';
import { BROADCAST, H264, pictured, PYRAMID } from './ingredients.ts';
import type { FfmpegRecipe, RecipeBook } from './recipe.ts';
import { soundInput } from './sound.ts';
import {
  joinedTracks,
  renumberedFromTheMiddle,
  timeCodedPackets,
  withBrokenCounters,
  withoutCompositionTimes,
  withoutPrivateSets,
  withoutStatedSets,
} from './container-edits.ts';

export const RATE = 25;
export const FRAMES = 250;
/** Start of the second part in the joined files. */
const JOIN = 125;

const FILM = ['-i', '{video-short}', '-i', '{sound-short}', '-map', '0:v', '-map', '1:a'];
const CLOSED = ['-g', '50', '-keyint_min', '50', '-sc_threshold', '0'];
const WITH_FILM = (first: string) => [
  ...['-i', first, '-i', '{video-short}', '-i', '{sound-short}', '-map', '0:v', '-map', '1:v', '-map', '2:a'],
];
const STEREO = { ac3: ['-c:a', 'ac3'], mp2: ['-c:a', 'mp2', '-ac', '2'], mp3: ['-c:a', 'libmp3lame'] };
const PROGRAMMES = {
  film: '-program title=Film:program_num=1:st=0:st=1 -program title=Other:program_num=2:st=2:st=3',
  crossed: '-program title=Film:program_num=2:st=1:st=3 -program title=Other:program_num=1:st=0:st=2',
};

const BOOK = {
  'video-short': pictured(BROADCAST, { rate: String(RATE), frames: FRAMES }, [
    ...[...H264, '-crf', '28', ...CLOSED, '-x264-params', PYRAMID],
  ]),
  'video-short-hevc': pictured(BROADCAST, { rate: String(RATE), frames: FRAMES }, [
    ...['-c:v', 'libx265', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-crf', '30', '-tag:v', 'hvc1'],
    ...['-x265-params', 'log-level=error:pools=2:open-gop=0:keyint=50:min-keyint=50:scenecut=0:bframes=3'],
  ]),
  'sound-short': film('mp4', [
    ...soundInput({ hertz: 1000, everySeconds: 1, seconds: FRAMES / RATE }),
    ...['-c:a', 'aac', '-aac_coder', 'fast', '-b:a', '96k'],
  ]),
  // Frames with an unreadable counter, which must not be shown.
  'video-other': film('mp4', ['-i', '{video-short}', '-vf', 'negate', ...H264, '-crf', '30', ...CLOSED]),
  'few-pictures': film('mp4', ['-i', '{video-short}', '-vf', 'scale=640:360,negate', '-frames:v', '3', ...H264]),
  still: film('jpg', ['-i', '{video-short}', '-vf', 'negate', '-frames:v', '1', '-update', '1']),
  'still-first-mp4': film('mp4', [...WITH_FILM('{still}'), '-c', 'copy']),
  'still-first-mov': film('mov', [...WITH_FILM('{still}'), '-c', 'copy']),
  'still-first-mkv': film('mkv', [...WITH_FILM('{still}'), '-c', 'copy']),
  'still-first-wmv': film('wmv', [
    ...[...WITH_FILM('{still}'), '-c:v:0', 'copy', '-c:v:1', 'wmv2', '-b:v:1', '900k', '-c:a', 'wmav2'],
  ]),
  'png-first-mkv': film('mkv', [...WITH_FILM('{still}'), '-c', 'copy', '-c:v:0', 'png']),
  'few-first-mp4': film('mp4', [...WITH_FILM('{few-pictures}'), '-c', 'copy']),
  'few-first-fragmented-mp4': film('mp4', [
    ...[...WITH_FILM('{few-pictures}'), '-c', 'copy', '-movflags', '+frag_keyframe+empty_moov+delay_moov'],
  ]),
  'few-first-mkv': film('mkv', [...WITH_FILM('{few-pictures}'), '-c', 'copy']),
  'few-first-ts': film('ts', [...WITH_FILM('{few-pictures}'), '-c', 'copy']),
  'second-default-mkv': film('mkv', [
    ...[...WITH_FILM('{video-other}'), '-c', 'copy', '-disposition:v:0', '0', '-disposition:v:1', 'default'],
  ]),
  'second-default-mp4': film('mp4', [
    ...[...WITH_FILM('{video-other}'), '-c', 'copy', '-disposition:v:0', '0', '-disposition:v:1', 'default'],
  ]),

  'two-programmes-ts': film('ts', [
    ...['-i', '{video-short}', '-i', '{sound-short}', '-i', '{video-other}', '-i', '{sound-other}'],
    ...['-map', '0:v', '-map', '1:a', '-map', '2:v', '-map', '3:a', '-c', 'copy'],
    ...['-metadata:s:a:0', 'language=fra', '-metadata:s:a:1', 'language=eng', ...PROGRAMMES.film.split(' ')],
  ]),
  'crossed-programmes-ts': film('ts', [
    ...['-i', '{sound-other}', '-i', '{video-short}', '-i', '{video-other}', '-i', '{sound-short}'],
    ...['-map', '0:a', '-map', '1:v', '-map', '2:v', '-map', '3:a', '-c', 'copy'],
    ...['-metadata:s:a:0', 'language=eng', '-metadata:s:a:1', 'language=fra', ...PROGRAMMES.crossed.split(' ')],
  ]),
  'two-programmes-m2ts': { kind: 'bytes', extension: 'm2ts', from: 'two-programmes-ts', edit: timeCodedPackets },
  'sound-other': film('mp4', ['-f', 'lavfi', '-i', 'sine=3000:d=10', '-c:a', 'aac', '-ac', '2']),

  'h264-flv': film('flv', [...FILM, '-c', 'copy']),
  'sorenson-flv': film('flv', [...FILM, '-c:v', 'flv', '-b:v', '900k', '-g', '25', ...STEREO.mp3, '-ar', '44100']),
  'mpeg1-mpg': film('mpg', [...FILM, '-c:v', 'mpeg1video', '-b:v', '900k', '-g', '12', '-bf', '2', ...STEREO.mp2]),
  'mpeg2-mpg': film('mpg', [
    ...[...FILM, '-c:v', 'mpeg2video', '-b:v', '900k', '-g', '12', '-bf', '2', ...STEREO.mp2, '-f', 'vob'],
  ]),
  'mpeg2-plain-mpg': film('mpg', [
    ...FILM,
    '-c:v',
    'mpeg2video',
    '-b:v',
    '900k',
    '-g',
    '25',
    '-bf',
    '0',
    ...STEREO.mp2,
  ]),
  'dvd-vob': film('vob', [
    ...[...FILM, '-vf', 'scale=352:288', '-c:v', 'mpeg2video', '-b:v', '1500k', '-g', '12', '-bf', '2'],
    ...[...STEREO.ac3, '-f', 'dvd'],
  ]),

  'halves-same-size': halves({ second: 'null', secondProfile: 'high', inBand: false }),
  'halves-other-size': halves({ second: 'scale=640:360', secondProfile: 'high', inBand: false }),
  'halves-other-aspect': halves({ second: 'scale=240:180', secondProfile: 'high', inBand: false }),
  'halves-in-band': halves({ second: 'scale=480:270', secondProfile: 'high', inBand: true }),
  'two-entries-same-size': joined('halves-same-size'),
  'two-entries-other-size': joined('halves-other-size'),
  'two-entries-other-aspect': joined('halves-other-aspect'),
  'two-entries-in-band': joined('halves-in-band'),
  'change-in-band-mkv': film('mkv', ['-i', '{two-entries-in-band}', '-c', 'copy']),
  'change-in-band-ts': film('ts', ['-i', '{two-entries-in-band}', '-c', 'copy']),

  'plain-ts': film('ts', [...FILM, '-c', 'copy', '-pat_period', '100']),
  'other-ids-ts': { kind: 'bytes', extension: 'ts', from: 'plain-ts', edit: renumberedFromTheMiddle },
  'joined-ts': { kind: 'bytes', extension: 'ts', from: 'plain-ts', edit: withBrokenCounters },

  'in-band-avc3': film('mp4', [
    ...[
      ...FILM,
      ...H264,
      '-crf',
      '28',
      ...CLOSED,
      '-x264-params',
      'repeat-headers=1',
      '-tag:v',
      'avc3',
      '-c:a',
      'copy',
    ],
  ]),
  'in-band-hev1': film('mp4', [
    ...[...FILM, '-c:v', 'libx265', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p10le', '-crf', '30', '-tag:v', 'hev1'],
    ...['-x265-params', 'log-level=error:pools=2:repeat-headers=1:keyint=50:min-keyint=50:scenecut=0:open-gop=0'],
    ...['-c:a', 'copy'],
  ]),
  'in-band-avc-whole-mkv': film('mkv', ['-i', '{in-band-avc3}', '-c', 'copy']),
  'in-band-hevc-whole-mkv': film('mkv', ['-i', '{in-band-hev1}', '-c', 'copy']),
  'in-band-avc3-mp4': { kind: 'bytes', extension: 'mp4', from: 'in-band-avc3', edit: withoutStatedSets },
  'in-band-hev1-mp4': { kind: 'bytes', extension: 'mp4', from: 'in-band-hev1', edit: withoutStatedSets },
  'in-band-avc-mkv': { kind: 'bytes', extension: 'mkv', from: 'in-band-avc-whole-mkv', edit: withoutPrivateSets },
  'in-band-hevc-mkv': { kind: 'bytes', extension: 'mkv', from: 'in-band-hevc-whole-mkv', edit: withoutPrivateSets },

  'pyramid-mp4': film('mp4', [...FILM, '-c', 'copy']),
  'two-b-frames-mp4': film('mp4', [...FILM, ...H264, '-bf', '2', '-crf', '28', ...CLOSED, '-c:a', 'copy']),
  'hevc-mp4': film('mp4', [
    '-i',
    '{video-short-hevc}',
    '-i',
    '{sound-short}',
    '-map',
    '0:v',
    '-map',
    '1:a',
    '-c',
    'copy',
  ]),
  'no-composition-times-mp4': { kind: 'bytes', extension: 'mp4', from: 'pyramid-mp4', edit: withoutCompositionTimes },
  'no-composition-times-two-mp4': {
    ...{ kind: 'bytes', extension: 'mp4', from: 'two-b-frames-mp4' },
    edit: withoutCompositionTimes,
  },
  'no-composition-times-hevc-mp4': { kind: 'bytes', extension: 'mp4', from: 'hevc-mp4', edit: withoutCompositionTimes },
  'no-composition-times-mkv': film('mkv', ['-i', '{no-composition-times-mp4}', '-c', 'copy']),
  // Valid: no B-frames, and parameter sets that do not state so.
  'no-b-frames-mp4': film('mp4', [
    ...[...FILM, ...H264, '-bf', '0', '-crf', '28', ...CLOSED, '-c:a', 'copy', '-bsf:v', 'h264_metadata=level=4'],
  ]),

  'fields-raw': pictured({ ...BROADCAST, width: 720, height: 576, interlaced: true }, { rate: '25', frames: 50 }, [
    ...['-vf', 'setfield=tff,setsar=16/15', ...H264, '-qp', '0', '-profile:v', 'high444', '-flags', '+ildct+ilme'],
    ...['-x264-params', 'tff=1:scenecut=0'],
  ]),
  'fields-mpeg2-ts': fields('ts', ['-c:v', 'mpeg2video', '-g', '12', '-bf', '2']),
  'fields-mpeg2-mkv': fields('mkv', ['-c:v', 'mpeg2video', '-g', '12', '-bf', '2']),
  'fields-mpeg2-vob': fields('vob', ['-c:v', 'mpeg2video', '-g', '12', '-bf', '2', '-f', 'dvd']),
  'fields-mpeg4-avi': fields('avi', ['-c:v', 'mpeg4', '-g', '12', '-bf', '2']),
  'fields-mpeg4-mp4': fields('mp4', ['-c:v', 'mpeg4', '-g', '12', '-bf', '2']),
  'fields-dv-mov': fields('mov', ['-c:v', 'dvvideo']),
} satisfies RecipeBook;

export type TrackClip = keyof typeof BOOK;

/** Absolute path of the clip, made on first use. */
export function trackClip(name: TrackClip): Promise<string> {
  return made(BOOK, name);
}

function film(extension: string, args: readonly string[]): FfmpegRecipe {
  return { kind: 'ffmpeg', extension, args };
}

function fields(extension: string, encode: readonly string[]): FfmpegRecipe {
  const shape = ['-vf', 'setfield=tff', '-pix_fmt', 'yuv420p', '-flags', '+ildct+ilme', '-b:v', '8M'];
  return film(extension, ['-i', '{fields-raw}', ...shape, ...encode]);
}

/** Both halves of the file as tracks of one MP4, without B-frames. */
function halves(request: { second: string; secondProfile: string; inBand: boolean }): FfmpegRecipe {
  const plain = ['-c:v', 'libx264', '-preset', 'superfast', '-pix_fmt', 'yuv420p', '-bf', '0', '-crf', '26', ...CLOSED];
  const sets = request.inBand ? ['-x264-params', 'repeat-headers=1'] : [];
  return film('mp4', [
    ...['-i', '{video-short}', '-filter_complex'],
    `[0:v]split[a][b];[a]trim=end_frame=${JOIN}[first];[b]trim=start_frame=${JOIN},setpts=PTS-STARTPTS,${request.second}[second]`,
    ...['-map', '[first]', '-map', '[second]', ...plain, ...sets, '-video_track_timescale', '25000'],
    ...['-profile:v:0', 'baseline', '-profile:v:1', request.secondProfile],
  ]);
}

function joined(from: string): { kind: 'bytes'; extension: string; from: string; edit: typeof joinedTracks } {
  return { kind: 'bytes', extension: 'mp4', from, edit: joinedTracks };
}
