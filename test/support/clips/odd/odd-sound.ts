// Files whose audio changes its format, or differs from its headers.
import { picturesOf, type Truth } from '../../judges/truth.ts';
import { codedSound, type CodedSound } from '../coded-sound.ts';
import { withUnannouncedSbr } from '../unannounced-sbr.ts';
import { ffmpeg, film, FRAME, GROUPS, H264, pictures, RATE, type OddFilm, type OddFilms } from './odd-film.ts';

const PART_SECONDS = 8;
const SBR_USES = [new URL('../unannounced-sbr.ts', import.meta.url)];

/** A stream of ADTS frames does not state that its first frame, 1024 samples, is encoder delay. */
const LC_LAG_SECONDS = 1024 / 24_000;
/** The filter banks of SBR delay by 962 samples at 48 kHz. */
const SBR_LAG_SECONDS = LC_LAG_SECONDS + 962 / 48_000;

type Layout = NonNullable<CodedSound['layout']>;

const CHANGES = {
  'aac-51-20-51': ['aac', ['5.1', 'stereo', '5.1']],
  'aac-20-51-20': ['aac', ['stereo', '5.1', 'stereo']],
  'aac-stereo-mono-stereo': ['aac', ['stereo', 'mono', 'stereo']],
  'ac3-51-20-51': ['ac3', ['5.1', 'stereo', '5.1']],
} as const satisfies Record<string, readonly [string, readonly Layout[]]>;

function truth(seconds: number): Truth {
  return {
    seconds,
    frameSeconds: FRAME,
    pictures: picturesOf([{ seconds: 0, firstNumber: 0, count: seconds * RATE }], FRAME),
    sound: [{ startSeconds: 0, endSeconds: seconds, voiceSeconds: 0 }],
  };
}

/** A broadcast: the PIDs stay, the clock continues, and only the headers in the audio state the channels. */
function part(codec: string, layout: Layout, index: number): OddFilms['recipes'][string] {
  const start = index * PART_SECONDS;
  return film('ts', {
    pictures: { seconds: PART_SECONDS, firstNumber: start * RATE },
    sound: { seconds: PART_SECONDS, firstSecond: start, layout },
    encode: [
      ...[...H264, ...GROUPS, '-bf', '0', '-c:a', codec, '-b:a', '192k', '-ar', '48000'],
      ...['-output_ts_offset', String(10 + start), '-muxdelay', '0', '-muxpreload', '0'],
    ],
  });
}

function changing(name: string, codec: string, layouts: readonly Layout[]): [string, OddFilms['recipes'][string]][] {
  const from = layouts.map((_, index) => `${name}-${index}`);
  return [
    ...layouts.map((layout, index): [string, OddFilms['recipes'][string]] => [
      `${name}-${index}`,
      part(codec, layout, index),
    ]),
    [name, { kind: 'joined', extension: 'ts', from, join: Buffer.concat, uses: [] }],
  ];
}

const recipes: OddFilms['recipes'] = {
  ...Object.fromEntries(Object.entries(CHANGES).flatMap(([name, [codec, layouts]]) => changing(name, codec, layouts))),
  'lc-24k': ffmpeg('aac', [...codedSound({ seconds: 20 }), '-ar', '24000', '-c:a', 'aac', '-b:a', '64k', '-f', 'adts']),
  'he-aac': {
    kind: 'joined',
    extension: 'aac',
    from: ['lc-24k'],
    join: ([file]) => withUnannouncedSbr(file ?? Buffer.alloc(0)),
    uses: SBR_USES,
  },
  'video-20': ffmpeg('mp4', [...pictures({ seconds: 20 }), ...H264, ...GROUPS, '-bf', '0']),
  'implicit-sbr-ts': ffmpeg('ts', paired('he-aac')),
  'implicit-sbr-mp4': ffmpeg('mp4', [...paired('he-aac'), '-bsf:a', 'aac_adtstoasc']),
  'plain-lc-24k-ts': ffmpeg('ts', paired('lc-24k')),
};

function paired(sound: string): string[] {
  return ['-i', '{video-20}', '-i', `{${sound}}`, '-map', '0:v', '-map', '1:a', '-c', 'copy'];
}

const films: OddFilm[] = [
  ...Object.keys(CHANGES).map((name) => ({
    name,
    truths: [truth(3 * PART_SECONDS)],
    // Each part has its own encoder delay, so its first frame overlaps the last one before.
    tolerance: { slackSeconds: 0.05, syncSeconds: 0.05 },
    // In a browser, beeps are recognized by their level, which the other channels change too much.
    inBrowser: ['aac-51-20-51', 'aac-stereo-mono-stereo'].includes(name),
  })),
  { name: 'implicit-sbr-ts', truths: [truth(20)], tolerance: { sourceLagSeconds: SBR_LAG_SECONDS }, inBrowser: true },
  { name: 'implicit-sbr-mp4', truths: [truth(20)], tolerance: { sourceLagSeconds: SBR_LAG_SECONDS }, inBrowser: true },
  { name: 'plain-lc-24k-ts', truths: [truth(20)], tolerance: { sourceLagSeconds: LC_LAG_SECONDS } },
];

export const ODD_SOUND: OddFilms = { recipes, films };
