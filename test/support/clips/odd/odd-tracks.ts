// Files with tracks that must not be played, or that continue under another id: stills, other programmes, changed packet ids.
import { picturesOf, type Truth } from '../../judges/truth.ts';
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

const WHOLE: Truth = {
  seconds: 20,
  frameSeconds: FRAME,
  pictures: picturesOf([{ seconds: 0, firstNumber: 0, count: 20 * RATE }], FRAME),
  sound: [{ startSeconds: 0, endSeconds: 20, voiceSeconds: 0 }],
};
const SECOND_PROGRAMME = { firstNumber: 500, voice: 1 };
const PART_SECONDS = 8;

const STILL_FIRST = ['-i', '{still}', '-i', '{base}', '-map', '0:v', '-map', '1:v', '-map', '1:a', '-c', 'copy'];
const PROGRAMME = [...H264, ...GROUPS, ...AAC];

/** A programme of 16 s. */
function programme(firstNumber: number, voice: number): Truth {
  return {
    seconds: 16,
    frameSeconds: FRAME,
    pictures: picturesOf([{ seconds: 0, firstNumber, count: 16 * RATE }], FRAME),
    sound: [{ startSeconds: 0, endSeconds: 16, voiceSeconds: 0, voice }],
  };
}

/** Eight seconds of a broadcast whose clock continues from part to part. */
function part(index: number, firstPid: number) {
  const start = index * PART_SECONDS;
  return film('ts', {
    pictures: { seconds: PART_SECONDS, firstNumber: start * RATE },
    sound: { seconds: PART_SECONDS, firstSecond: start },
    encode: [
      ...[...H264, ...GROUPS, '-bf', '0', ...AAC, '-muxdelay', '0', '-muxpreload', '0'],
      ...[
        '-output_ts_offset',
        String(10 + start),
        '-mpegts_start_pid',
        String(firstPid),
        '-tables_version',
        String(index),
      ],
    ],
  });
}

function parts(count: number): Truth {
  const seconds = count * PART_SECONDS;
  return {
    seconds,
    frameSeconds: FRAME,
    pictures: picturesOf([{ seconds: 0, firstNumber: 0, count: seconds * RATE }], FRAME),
    sound: [{ startSeconds: 0, endSeconds: seconds, voiceSeconds: 0 }],
  };
}

/** libavformat holds the last two frames of a packet id back until the end of the source: the frame before them stays displayed. */
function partsLessTwo(count: number): Truth {
  const lost = 2;
  const runs = Array.from({ length: count }, (_, place) => {
    const frames = PART_SECONDS * RATE - (place < count - 1 ? lost : 0);
    return { seconds: place * PART_SECONDS, firstNumber: place * PART_SECONDS * RATE, count: frames };
  });
  return { ...parts(count), pictures: picturesOf(runs, FRAME) };
}

const recipes = {
  ...BASE,
  still: ffmpeg('jpg', [...pictures({ seconds: 1, firstNumber: 75 }), '-frames:v', '1', '-update', '1', '-q:v', '3']),
  few: ffmpeg('mp4', [
    ...[...pictures({ seconds: 1, firstNumber: 900, width: 640, height: 360 }), '-frames:v', '3'],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'],
  ]),
  'still-first-mov': ffmpeg('mov', STILL_FIRST),
  'still-first-mp4': ffmpeg('mp4', STILL_FIRST),
  'still-first-mkv': ffmpeg('mkv', STILL_FIRST),
  'three-pictures-first': ffmpeg('mp4', [
    ...['-i', '{few}', '-i', '{base}', '-map', '0:v', '-map', '1:v', '-map', '1:a', '-c', 'copy'],
  ]),
  'programme-one': film('mp4', { pictures: { seconds: 16 }, sound: { seconds: 16 }, encode: PROGRAMME }),
  'programme-two': film('mp4', {
    pictures: { seconds: 16, firstNumber: SECOND_PROGRAMME.firstNumber },
    sound: { seconds: 16, voice: SECOND_PROGRAMME.voice },
    encode: PROGRAMME,
  }),
  'two-programmes': ffmpeg('ts', [
    ...['-i', '{programme-one}', '-i', '{programme-two}', '-map', '0:v', '-map', '0:a', '-map', '1:v', '-map', '1:a'],
    ...['-c', 'copy', '-metadata:s:a:0', 'language=fra', '-metadata:s:a:1', 'language=eng'],
    ...['-program', 'title=One:program_num=1:st=0:st=1', '-program', 'title=Two:program_num=2:st=2:st=3'],
  ]),
  'two-programmes-sound-first': ffmpeg('ts', [
    ...['-i', '{programme-two}', '-i', '{programme-one}', '-map', '0:a', '-map', '1:v', '-map', '1:a', '-map', '0:v'],
    ...['-c', 'copy', '-metadata:s:a:0', 'language=eng', '-metadata:s:a:1', 'language=fra'],
    ...['-program', 'title=Two:program_num=2:st=0:st=3', '-program', 'title=One:program_num=1:st=1:st=2'],
  ]),
  'pids-1': part(0, 0x100),
  'pids-2': part(1, 0x200),
  'pids-3': part(2, 0x100),
  'pids-change': { kind: 'joined', extension: 'ts', from: ['pids-1', 'pids-2'], join: Buffer.concat, uses: [] },
  'pids-change-and-back': {
    kind: 'joined',
    extension: 'ts',
    from: ['pids-1', 'pids-2', 'pids-3'],
    join: Buffer.concat,
    uses: [],
  },
} satisfies OddFilms['recipes'];

const films: OddFilm[] = [
  ...(['still-first-mov', 'still-first-mp4', 'still-first-mkv', 'three-pictures-first'] as const).map((name) => ({
    name,
    truths: [WHOLE],
  })),
  ...(['two-programmes', 'two-programmes-sound-first'] as const).map((name) => ({
    name,
    truths: [programme(0, 0), programme(SECOND_PROGRAMME.firstNumber, SECOND_PROGRAMME.voice)],
  })),
  // A shorter but complete presentation is right too: the session then states the reason.
  { name: 'pids-change', truths: [parts(2), partsLessTwo(2), parts(1)] },
  { name: 'pids-change-and-back', truths: [parts(3), partsLessTwo(3), parts(1)] },
];

export const ODD_TRACKS: OddFilms = { recipes, films };
