// Files whose times do not run linearly from 0: edit lists, tracks that start late or end early, subtitles hours after the end.
import { picturesOf, type Truth } from '../../judges/truth.ts';
import { codedSound } from '../coded-sound.ts';
import { withEdits, type Edit } from '../edit-lists.ts';
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

const EDIT_USES = [new URL('../edit-lists.ts', import.meta.url), new URL('../mp4-boxes.ts', import.meta.url)];

const EDITED = {
  'edit-middle-cut-out': [
    [0, 6],
    [12, 18],
  ],
  'edit-between-keyframes': [
    [1, 6.5],
    [13.2, 18],
  ],
  'edit-repeated': [
    [0, 4],
    [0, 4],
    [8, 12],
  ],
  'edit-shorter': [[0, 10]],
  'edit-starts-between-keyframes': [[3.4, 15]],
} as const satisfies Record<string, readonly Edit[]>;

const LATE = ['-itsoffset', '8', '-i', '{video-16}', '-i', '{sound-24}', '-map', '0:v', '-map', '1:a', '-c', 'copy'];
const MUSIC = ['-i', '{card}', '-i', '{sound-60}', '-map', '0:v', '-map', '1:a', ...H264, '-c:a', 'copy'];
const LINES = ['-i', '{base}', '-i', '{lines}', '-map', '0', '-map', '1', '-c', 'copy'];

const LINES_SRT = [
  ...['1', '00:00:02,000 --> 00:00:04,000', 'Hello', ''],
  ...['2', '00:00:10,000 --> 00:00:12,000', 'Twelve', ''],
  ...['3', '10:00:00,000 --> 10:00:05,000', 'www.example.org', '', ''],
].join('\n');

function sound(seconds: number): OddFilms['recipes'][string] {
  return ffmpeg('m4a', [...codedSound({ seconds }), ...AAC]);
}

function edited(edits: readonly Edit[]): OddFilms['recipes'][string] {
  return {
    kind: 'joined',
    extension: 'mp4',
    from: ['base'],
    join: ([file]) => withEdits(file ?? Buffer.alloc(0), edits),
    parameters: edits,
    uses: EDIT_USES,
  };
}

/** Part of the file, and start of its clock. */
const PARTS = [
  { number: 0, startSeconds: 0 },
  { number: 1, startSeconds: 0 },
  { number: 1, startSeconds: 9000 },
  { number: 2, startSeconds: 100 },
] as const;

const CLOCKS: Record<string, readonly string[]> = {
  'clock-restarts-ts': ['ts-0-0', 'ts-1-0'],
  'clock-jumps-ts': ['ts-0-0', 'ts-1-9000', 'ts-2-100'],
  'clock-restarts-vob': ['vob-0-0', 'vob-1-0'],
  'clock-jumps-vob': ['vob-0-0', 'vob-1-9000', 'vob-2-100'],
};

const recipes: OddFilms['recipes'] = {
  ...BASE,
  ...Object.fromEntries(Object.entries(EDITED).map(([name, edits]) => [name, edited(edits)])),
  'sound-24': sound(24),
  'sound-60': sound(60),
  'video-16': ffmpeg('mp4', [...pictures({ seconds: 16 }), ...H264, ...GROUPS, '-bf', '2']),
  'picture-late-mp4': ffmpeg('mp4', LATE),
  'picture-late-mkv': ffmpeg('mkv', LATE),
  'picture-late-ts': ffmpeg('ts', LATE),
  card: ffmpeg('png', [
    ...pictures({ seconds: 1, firstNumber: 75, width: 640, height: 360 }),
    '-frames:v',
    '1',
    '-update',
    '1',
  ]),
  'one-picture-mp4': ffmpeg('mp4', MUSIC),
  'one-picture-mkv': ffmpeg('mkv', MUSIC),
  slides: ffmpeg('mp4', [
    ...pictures({ seconds: 60, rate: '1/10', width: 640, height: 360 }),
    ...['-i', '{sound-60}', '-map', '0:v', '-map', '1:a', '-r', '1/10', ...H264, '-g', '1', '-c:a', 'copy'],
  ]),
  'short-sound': ffmpeg('mkv', [
    ...[...pictures({ seconds: 14 }), '-t', '4', '-i', '{sound-60}', '-map', '0:v', '-map', '1:a'],
    ...[...H264, '-g', '50', '-c:a', 'copy'],
  ]),
  ...Object.fromEntries(PARTS.flatMap((part) => [...partRecipes(part)])),
  ...Object.fromEntries(Object.entries(CLOCKS).map(([name, parts]) => [name, joinedParts(parts)])),
  lines: { kind: 'text', extension: 'srt', text: LINES_SRT },
  'ten-hours-mkv': ffmpeg('mkv', [...LINES, '-c:s', 'srt']),
  'ten-hours-no-tags-mkv': { kind: 'bytes', extension: 'mkv', from: 'ten-hours-mkv', edit: withoutDurationTags },
  'ten-hours-mp4': ffmpeg('mp4', [...LINES, '-c:s', 'mov_text']),
};

/** Removes the statistics of each track; the duration of the file stays. */
function withoutDurationTags(bytes: Uint8Array): Uint8Array {
  const copy = Buffer.from(bytes);
  for (let at = copy.indexOf('DURATION'); at >= 0; at = copy.indexOf('DURATION', at + 8)) copy.write('XURATION', at);
  return copy;
}

/** Recordings of 8 s, one after the other, each on its own clock that starts at `startSeconds`. */
function joinedParts(parts: readonly string[]): OddFilms['recipes'][string] {
  const extension = parts[0]?.split('-')[0] ?? 'ts';
  return {
    kind: 'joined',
    extension,
    from: [...parts],
    join: (files) => Buffer.concat(files),
    parameters: parts,
    uses: [],
  };
}

function* partRecipes({
  number,
  startSeconds,
}: (typeof PARTS)[number]): Generator<[string, OddFilms['recipes'][string]]> {
  const options = {
    pictures: { seconds: 8, firstNumber: 200 * number, height: 160 },
    sound: { seconds: 8, firstSecond: 8 * number },
  };
  const at = ['-output_ts_offset', String(startSeconds)];
  yield [
    `ts-${number}-${startSeconds}`,
    film('ts', { ...options, encode: [...H264, ...GROUPS, '-bf', '2', ...AAC, ...at] }),
  ];
  const mpeg2 = [
    '-c:v',
    'mpeg2video',
    '-q:v',
    '4',
    '-g',
    '12',
    '-bf',
    '2',
    '-threads',
    '2',
    '-c:a',
    'ac3',
    '-b:a',
    '128k',
  ];
  yield [`vob-${number}-${startSeconds}`, film('vob', { ...options, encode: [...mpeg2, ...at, '-f', 'vob'] })];
}

/** The spans of the base file that the edits show. */
function truthOfEdits(edits: readonly (readonly [number, number])[]): Truth {
  let at = 0;
  const runs: Parameters<typeof picturesOf>[0][number][] = [];
  const stretches: Truth['sound'][number][] = [];
  for (const [from, to] of edits) {
    const firstNumber = Math.ceil(from * RATE - 0.01);
    const count = Math.ceil(to * RATE - 0.01) - firstNumber;
    runs.push({ seconds: at + firstNumber * FRAME - from, firstNumber, count });
    stretches.push({ startSeconds: at, endSeconds: at + to - from, voiceSeconds: from });
    at += to - from;
  }
  return { seconds: at, frameSeconds: FRAME, pictures: picturesOf(runs, FRAME), sound: stretches };
}

function plain(seconds: number, options: { pictureStart?: number; soundEnd?: number } = {}): Truth {
  const { pictureStart = 0, soundEnd = seconds } = options;
  const count = (seconds - pictureStart) * RATE;
  return {
    seconds,
    frameSeconds: FRAME,
    pictures: picturesOf([{ seconds: pictureStart, firstNumber: 0, count }], FRAME),
    sound: [{ startSeconds: 0, endSeconds: soundEnd, voiceSeconds: 0 }],
  };
}

const MINUTE = { seconds: 60, frameSeconds: FRAME, sound: [{ startSeconds: 0, endSeconds: 60, voiceSeconds: 0 }] };
const SLIDES = picturesOf([{ seconds: 0, firstNumber: 0, count: 6 }], 10);

const films: OddFilm[] = [
  ...Object.entries(EDITED).map(([name, edits]) => ({
    name,
    truths: [truthOfEdits(edits)],
    // Copied audio is cut at whole frames.
    tolerance: { slackSeconds: 0.022 },
  })),
  ...['picture-late-mp4', 'picture-late-mkv', 'picture-late-ts'].map((name) => ({
    name,
    truths: [plain(24, { pictureStart: 8 })],
    inBrowser: true,
  })),
  ...['one-picture-mp4', 'one-picture-mkv'].map((name) => ({
    name,
    truths: [{ ...MINUTE, pictures: [{ seconds: 0, number: 75 }] }],
    inBrowser: true,
  })),
  { name: 'slides', truths: [{ ...MINUTE, pictures: SLIDES }], inBrowser: true },
  { name: 'short-sound', truths: [plain(14, { soundEnd: 4 })], inBrowser: true },
  ...Object.entries(CLOCKS).map(([name, parts]) => ({
    name,
    truths: [plain(8 * parts.length)],
    // Audio and video of a recording end at different times, so the audio of two recordings overlaps or leaves a gap.
    tolerance: { slackSeconds: 0.1 },
  })),
  ...['ten-hours-mkv', 'ten-hours-no-tags-mkv', 'ten-hours-mp4'].map((name) => ({ name, truths: [plain(20)] })),
];

export const ODD_TIMES: OddFilms = { recipes, films };
