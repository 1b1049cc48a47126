// The filters between a video decoder and encoder: they make frames upright, progressive, with square pixels, in the rendition's size and colour.
import * as constants from 'node-av/constants';
import { AVCOL_RANGE_JPEG, AVCOL_RANGE_MPEG } from 'node-av/constants';
import { Filter } from 'node-av/lib';
import type { Frame } from 'node-av/lib';
import { RGB_MATRIX, UNSPECIFIED, videoRange } from '../../../model/color.ts';
import type { ColorDescription } from '../../../model/description.ts';
import type { EncodedVideo } from '../../../model/rendition-track.ts';
import type { Size } from './fitted-size.ts';

/** libswscale's names of the matrices of ISO/IEC 23091-2. */
const SWSCALE_MATRIX: Readonly<Record<number, string>> = {
  1: 'bt709',
  4: 'fcc',
  5: 'bt470',
  6: 'smpte170m',
  7: 'smpte240m',
  9: 'bt2020',
};

/** Matrices that zimg can convert from and libswscale cannot: YCgCo, BT.2020 with constant luminance. */
const ZIMG_MATRIX: Readonly<Record<number, string>> = { 8: 'ycgco', 10: '2020_cl' };

/** Bicubic, rounded to nearest, with chroma at full precision: limited-range video keeps its levels. */
const SCALER_FLAGS = 'bicubic+accurate_rnd+full_chroma_int';

const RGB_FORMATS = formatsNamed(/^AV_PIX_FMT_(?:GBR|RGB|BGR|ARGB|ABGR|0RGB|0BGR|PAL8|X2RGB|X2BGR)/u);
/** Deprecated JPEG formats, whose name implies full range. */
const FULL_RANGE_FORMATS = formatsNamed(/^AV_PIX_FMT_YUVJ/u);

function formatsNamed(pattern: RegExp): ReadonlySet<unknown> {
  return new Set(Object.entries(constants).flatMap(([name, value]) => (pattern.test(name) ? [value] : [])));
}

/**
 * Sets and returns the colour of the frame: from the frame itself, or from the track for values that the frame leaves out. Filters convert by
 * this colour.
 */
export function stateColor(frame: Frame, track: EncodedVideo): ColorDescription {
  const { sourceColor } = track;
  const isRgb = RGB_FORMATS.has(frame.format);
  const isStated = frame.colorSpace !== UNSPECIFIED && (frame.colorSpace !== RGB_MATRIX || isRgb);
  const ofSource = sourceColor.matrix === RGB_MATRIX ? track.color.matrix : sourceColor.matrix;
  const stated = isStated ? frame.colorSpace : ofSource;
  const color = {
    primaries: frame.colorPrimaries === UNSPECIFIED ? sourceColor.primaries : frame.colorPrimaries,
    transfer: frame.colorTrc === UNSPECIFIED ? sourceColor.transfer : frame.colorTrc,
    matrix: isRgb ? RGB_MATRIX : stated,
    fullRange: isRgb || FULL_RANGE_FORMATS.has(frame.format) || hasFullRange(frame, sourceColor),
  };
  Object.assign(frame, {
    colorPrimaries: color.primaries,
    colorTrc: color.transfer,
    colorSpace: color.matrix,
    colorRange: color.fullRange ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG,
  });
  return color;
}

function hasFullRange(frame: Frame, source: ColorDescription): boolean {
  if (frame.colorRange === AVCOL_RANGE_JPEG) return true;
  return frame.colorRange !== AVCOL_RANGE_MPEG && source.fullRange;
}

/** The arguments of the buffer source for such frames, with one tick for each frame of the grid. */
export function bufferArguments(frame: Frame): string {
  const { num, den } = frame.sampleAspectRatio;
  const shape = `video_size=${frame.width}x${frame.height}:pix_fmt=${frame.format}:time_base=1/1`;
  return `${shape}:pixel_aspect=${num || 1}/${den || 1}:colorspace=${frame.colorSpace}:range=${frame.colorRange}`;
}

/** A chain in libavfilter's syntax for frames of colour `color`, scaled to `fitted`; bars fill the rest of the track's size. */
export function videoFilters(track: EncodedVideo, color: ColorDescription, fitted: Size): string {
  const turn = { 0: [], 90: ['transpose=clock'], 180: ['hflip', 'vflip'], 270: ['transpose=cclock'] }[
    track.rotationDegrees
  ];
  const isFull = fitted.width === track.width && fitted.height === track.height;
  return [
    ...(track.deinterlace ? ['bwdif=mode=send_frame:deint=interlaced'] : []),
    ...turn,
    ...scaling(track, color, fitted),
    ...(isFull ? [] : [`pad=${track.width}:${track.height}:(ow-iw)/2:(oh-ih)/2`]),
    'setsar=1',
    'format=yuv420p',
  ].join(',');
}

function scaling(track: EncodedVideo, color: ColorDescription, fitted: Size): string[] {
  const isToneMapped = videoRange(color) !== 'SDR' && videoRange(track.color) === 'SDR';
  if (isToneMapped) return toneMapping(fitted);
  const known = ZIMG_MATRIX[color.matrix];
  const matrix = track.color.matrix === UNSPECIFIED ? color.matrix : track.color.matrix;
  const name = SWSCALE_MATRIX[matrix] ?? 'bt709';
  const range = track.color.fullRange ? 'pc' : 'tv';
  return [
    ...(known ? [`zscale=matrixin=${known}:matrix=${zimgName(matrix)}`] : []),
    `scale=${fitted.width}:${fitted.height}:flags=${SCALER_FLAGS}:out_color_matrix=${name}:out_range=${range}`,
  ];
}

function zimgName(matrix: number): string {
  return { 6: '170m', 5: '470bg', 9: '2020_ncl' }[matrix] ?? '709';
}

/** HDR to BT.709: scaled first, since tone mapping costs time per pixel. BT.2390 if the library has it, else Hable in linear light. */
function toneMapping({ width, height }: Size): string[] {
  const size = `scale=${width}:${height}:flags=${SCALER_FLAGS}`;
  if (Filter.getByName('tonemapx'))
    return [size, 'format=yuv420p10', 'tonemapx=tonemap=bt2390:desat=0:p=bt709:t=bt709:m=bt709:r=tv:format=yuv420p'];
  return [
    size,
    'zscale=transfer=linear:npl=100',
    'format=gbrpf32le',
    'zscale=primaries=709',
    'tonemap=hable:desat=0',
    'zscale=transfer=709:matrix=709:range=limited',
  ];
}
