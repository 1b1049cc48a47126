// Files whose container states too little, or wrong things, about the coding of the video.
import { picturesOf, type Truth } from '../../judges/truth.ts';
import { joinedByEntries, withoutCompositionTimes, withoutParameterSets } from '../sample-entries.ts';
import {
  AAC,
  BASE,
  ffmpeg,
  film,
  FRAME,
  GROUPS,
  H264,
  pictures,
  RATE,
  type OddFilm,
  type OddFilms,
} from './odd-film.ts';

const USES = [new URL('../sample-entries.ts', import.meta.url), new URL('../mp4-boxes.ts', import.meta.url)];
const JOIN_SECONDS = 10;
const JOIN_TIMESCALE = 25_000;
const X265 = 'repeat-headers=1:keyint=50:min-keyint=50:scenecut=0:open-gop=0:bframes=2:log-level=none:pools=2';

function truth(seconds: number, hasSound = true): Truth {
  return {
    seconds,
    frameSeconds: FRAME,
    pictures: picturesOf([{ seconds: 0, firstNumber: 0, count: seconds * RATE }], FRAME),
    sound: hasSound ? [{ startSeconds: 0, endSeconds: seconds, voiceSeconds: 0 }] : [],
  };
}

/** Half a file without audio and without B-frames. */
function half(profile: string, options: { firstNumber: number; width?: number; height?: number }) {
  const encode = ['-profile:v', profile, '-bf', '0', ...GROUPS, '-video_track_timescale', String(JOIN_TIMESCALE)];
  return ffmpeg('mp4', [...pictures({ seconds: JOIN_SECONDS, ...options }), ...H264, ...encode]);
}

function joined(second: string): OddFilms['recipes'][string] {
  return {
    kind: 'joined',
    extension: 'mp4',
    from: ['half-baseline', second],
    join: ([left, right]) => joinedByEntries(left ?? Buffer.alloc(0), right ?? Buffer.alloc(0), JOIN_TIMESCALE / RATE),
    parameters: JOIN_TIMESCALE / RATE,
    uses: USES,
  };
}

function changed(from: string, change: (file: Uint8Array) => Buffer): OddFilms['recipes'][string] {
  return {
    kind: 'joined',
    extension: 'mp4',
    from: [from],
    join: ([file]) => change(file ?? Buffer.alloc(0)),
    parameters: change.name,
    uses: USES,
  };
}

const recipes: OddFilms['recipes'] = {
  ...BASE,
  'no-composition-times': changed('base', withoutCompositionTimes),
  'hev1-with-sets': film('mp4', {
    pictures: { seconds: 16 },
    sound: { seconds: 16 },
    encode: [
      ...['-c:v', 'libx265', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p', '-x265-params', X265, '-tag:v', 'hev1'],
      ...AAC,
    ],
  }),
  'avc3-with-sets': film('mp4', {
    pictures: { seconds: 16 },
    sound: { seconds: 16 },
    encode: [...H264, ...GROUPS, '-bf', '2', '-x264-params', 'repeat-headers=1', '-tag:v', 'avc3', ...AAC],
  }),
  'hev1-empty-record': changed('hev1-with-sets', withoutParameterSets),
  'avc3-empty-record': changed('avc3-with-sets', withoutParameterSets),
  'half-baseline': half('baseline', { firstNumber: 0 }),
  'half-high': half('high', { firstNumber: JOIN_SECONDS * RATE }),
  'half-large': half('high', { firstNumber: JOIN_SECONDS * RATE, width: 640, height: 360 }),
  'two-entries-same-size': joined('half-high'),
  'two-entries-other-size': joined('half-large'),
};

const films: OddFilm[] = [
  // Two results are right, because the file does not state the time of the first frame: with the reorder delay or without.
  { name: 'no-composition-times', truths: [truth(20)], tolerance: { frames: 2, syncSeconds: 0.085 }, inBrowser: true },
  { name: 'hev1-empty-record', truths: [truth(16)] },
  { name: 'avc3-empty-record', truths: [truth(16)], inBrowser: true },
  { name: 'two-entries-same-size', truths: [truth(20, false)], inBrowser: true },
  { name: 'two-entries-other-size', truths: [truth(20, false)], inBrowser: true },
];

export const ODD_CODING: OddFilms = { recipes, films };
