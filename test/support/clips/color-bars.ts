// Colour bars with known values in every matrix, range, depth and sampling: clips, and the values expected in an encode of them.
import { made } from './clip-cache.ts';
import type { RecipeBook } from './recipe.ts';

const WIDTH = 320;
const HEIGHT = 192;

export type Matrix = '601' | '709' | '2020';
export type Sampling = '420' | '422' | '444';

export interface BarsOptions {
  matrix: Matrix;
  fullRange: boolean;
  depth: 8 | 10;
  sampling: Sampling;
  /** Whether the stream states matrix and range. */
  tagged: boolean;
}

/** Y', Cb, Cr of 8 bit. */
export type Triple = readonly [number, number, number];

/** R'G'B' of each bar, 0 to 1. Most lie inside the corners of the gamut, so that no value is clipped in a conversion. */
export const BARS: readonly Triple[] = [
  [0.75, 0.75, 0.75],
  [0.75, 0.75, 0],
  [0, 0.75, 0.75],
  [0, 0.75, 0],
  [0.75, 0, 0.75],
  [0.75, 0, 0],
  [0, 0, 0.75],
  [0.1, 0.1, 0.1],
];

/** Kr and Kb of ITU-R BT.601, BT.709 and BT.2020. */
const WEIGHTS = { '601': [0.299, 0.114], '709': [0.2126, 0.0722], '2020': [0.2627, 0.0593] } as const;

/** ffmpeg's names of primaries, transfer and matrix. */
const TAGS = {
  '601': ['smpte170m', 'smpte170m', 'smpte170m'],
  '709': ['bt709', 'bt709', 'bt709'],
  '2020': ['bt2020', 'bt2020-10', 'bt2020nc'],
} as const;

/** Digital values of a bar in 8-bit steps, not rounded. */
function digital([red, green, blue]: Triple, matrix: Matrix, fullRange: boolean): Triple {
  const [kr, kb] = WEIGHTS[matrix];
  const luma = kr * red + (1 - kr - kb) * green + kb * blue;
  const cb = (blue - luma) / (2 * (1 - kb));
  const cr = (red - luma) / (2 * (1 - kr));
  return fullRange ? [255 * luma, 128 + 255 * cb, 128 + 255 * cr] : [16 + 219 * luma, 128 + 224 * cb, 128 + 224 * cr];
}

/** Expected values of an encode in limited range; untagged video counts as limited. */
export function expectedBar(rgb: Triple, { matrix, fullRange, tagged }: BarsOptions): Triple {
  return digital(rgb, matrix, fullRange && !tagged);
}

export function nameOf({ matrix, fullRange, depth, sampling, tagged }: BarsOptions): string {
  return `bars-${matrix}-${fullRange ? 'full' : 'limited'}-${depth}-${sampling}-${tagged ? 'tagged' : 'untagged'}`;
}

/** One second of bars as H.264 in MP4. `statedBy`: in the stream only, or also in the container. */
export function colorBars(options: BarsOptions, statedBy: 'both' | 'stream' = 'both'): Promise<string> {
  const { matrix, fullRange, depth, sampling, tagged } = options;
  const format = `yuv${sampling}p${depth === 10 ? '10le' : ''}`;
  const planes = ['lum', 'cb', 'cr'].map((plane, channel) => `${plane}='${expressionOf(options, channel)}'`);
  const [primaries = '', transfer = '', space = ''] = TAGS[matrix];
  const range = fullRange ? 'pc' : 'tv';
  const tags = ['-color_primaries', primaries, '-color_trc', transfer, '-colorspace', space, '-color_range', range];
  const book: RecipeBook = {
    [nameOf(options)]: {
      kind: 'ffmpeg',
      extension: 'mp4',
      args: [
        ...['-f', 'lavfi', '-i', `nullsrc=s=${WIDTH}x${HEIGHT}:r=25:d=1,format=${format},geq=${planes.join(':')}`],
        ...['-c:v', 'libx264', '-crf', depth === 10 ? '1' : '1', '-pix_fmt', format, '-threads', '2', '-g', '25'],
        ...(tagged ? tags : []),
      ],
    },
  };
  const inStream: RecipeBook = {
    ...book,
    'bars-stated-by-stream': { kind: 'bytes', extension: 'mp4', from: nameOf(options), edit: withoutColorBox },
  };
  return statedBy === 'both' ? made(book, nameOf(options)) : made(inStream, 'bars-stated-by-stream');
}

/** Renames `colr`, so that readers skip the box. */
function withoutColorBox(bytes: Uint8Array): Uint8Array {
  const copy = Buffer.from(bytes);
  copy.write('free', copy.indexOf('colr'), 'latin1');
  return copy;
}

/** ffmpeg's expression of a plane: the value of the bar in each column. */
function expressionOf({ matrix, fullRange, depth }: BarsOptions, channel: number): string {
  const step = depth === 10 ? 4 : 1;
  const most = 256 * step - 1;
  const values = BARS.map((rgb) => Math.min(most, Math.round((digital(rgb, matrix, fullRange)[channel] ?? 0) * step)));
  const [last = 0] = values.slice(-1);
  return values
    .slice(0, -1)
    .reduceRight((rest, value, bar) => `if(lt(X,${bar + 1}*W/${BARS.length}),${value},${rest})`, String(last));
}

/** Mean of the middle of each bar in a decoded yuv420p frame of that size. */
export function barsIn(pixels: Uint8Array, width: number, height: number): Triple[] {
  return BARS.map((_, bar) => {
    const planes = [
      { offset: 0, width, height },
      { offset: width * height, width: width / 2, height: height / 2 },
      { offset: width * height * 1.25, width: width / 2, height: height / 2 },
    ];
    const [luma = 0, cb = 0, cr = 0] = planes.map((plane) => meanOf(pixels, plane, bar));
    return [luma, cb, cr];
  });
}

function meanOf(pixels: Uint8Array, plane: { offset: number; width: number; height: number }, bar: number): number {
  const barWidth = plane.width / BARS.length;
  const columns = [0.4, 0.5, 0.6].map((place) => Math.floor((bar + place) * barWidth));
  const rows = [0.25, 0.5, 0.75].map((place) => Math.floor(place * plane.height));
  const values = rows.flatMap((row) => columns.map((column) => pixels[plane.offset + row * plane.width + column] ?? 0));
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
