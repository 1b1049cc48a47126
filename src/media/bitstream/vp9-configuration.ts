// Makes a VPCodecConfigurationRecord, `vpcC`, from a VP9 key frame: WebM stores none, and libav does not expose that of MP4.
import { AppError } from '../../base/app-error.ts';
import type { ColorDescription } from '../model/description.ts';
import { BitReader } from './bit-reader.ts';

export interface Vp9ConfigurationOptions {
  /** A key frame. */
  frame: Uint8Array;
  /** The colour that the container states; unspecified values are taken from the frame. */
  color?: ColorDescription;
  framesPerSecond?: number;
}

const UNSPECIFIED = 2;
const SRGB = 7;
/** Level, maximum luma samples per second, maximum luma samples per frame (VP9 levels). */
const LEVELS = [
  [10, 829440, 36864],
  [11, 2764800, 73728],
  [20, 4608000, 122880],
  [21, 9216000, 245760],
  [30, 20736000, 552960],
  [31, 36864000, 983040],
  [40, 83558400, 2228224],
  [41, 160432128, 2228224],
  [50, 311951360, 8912896],
  [51, 588251136, 8912896],
  [52, 1176502272, 8912896],
  [60, 1176502272, 35651584],
  [61, 2353004544, 35651584],
] as const;
/** color_space of the frame header, as primaries, transfer and matrix of CICP. */
const COLOR_SPACES = [
  undefined,
  [5, 6, 5],
  [1, 1, 1],
  [6, 6, 6],
  [7, 7, 7],
  [9, 14, 9],
  undefined,
  [1, 13, 0],
] as const;

/**
 * The 8 bytes of the record, without version and flags ("VP Codec ISO Media File Format Binding" 2.2).
 * @throws AppError NOT_MEDIA without a key frame
 */
export function vp9Configuration({ frame, color, framesPerSecond = 30 }: Vp9ConfigurationOptions): Buffer {
  const header = readKeyFrame(new BitReader(frame.subarray(0, 32)));
  const samples = header.width * header.height;
  const level = LEVELS.find(([, rate, size]) => samples <= size && samples * framesPerSecond <= rate)?.[0] ?? 62;
  const fromFrame = COLOR_SPACES[header.colorSpace] ?? [UNSPECIFIED, UNSPECIFIED, UNSPECIFIED];
  const stated =
    color === undefined ? [UNSPECIFIED, UNSPECIFIED, UNSPECIFIED] : [color.primaries, color.transfer, color.matrix];
  const numbers = stated.map((value, index) => (value === UNSPECIFIED ? (fromFrame[index] ?? UNSPECIFIED) : value));
  const shape = (header.bitDepth << 4) | (header.chromaSubsampling << 1) | (header.fullRange ? 1 : 0);
  return Buffer.from([header.profile, level, shape, ...numbers, 0, 0]);
}

interface KeyFrame {
  profile: number;
  bitDepth: number;
  colorSpace: number;
  fullRange: boolean;
  /** 1: 4:2:0 collocated, 2: 4:2:2, 3: 4:4:4. */
  chromaSubsampling: number;
  width: number;
  height: number;
}

/** uncompressed_header of a key frame (VP9 bitstream specification 6.2). */
function readKeyFrame(reader: BitReader): KeyFrame {
  const marker = reader.bits(2);
  const profile = reader.bits(1) | (reader.bits(1) << 1);
  if (profile === 3) reader.skip(1);
  const isShownAgain = reader.flag();
  const isInter = reader.flag();
  reader.skip(2); // show_frame, error_resilient_mode
  if (marker !== 2 || isShownAgain || isInter || reader.bits(24) !== 0x498342)
    throw new AppError('NOT_MEDIA', 'This is no VP9 key frame');
  const bitDepth = profile < 2 ? 8 : reader.flag() ? 12 : 10;
  const colorSpace = reader.bits(3);
  const hasSubsampling = (profile & 1) === 1;
  const fullRange = colorSpace === SRGB || reader.flag();
  let chromaSubsampling = colorSpace === SRGB ? 3 : 1;
  if (hasSubsampling) {
    if (colorSpace !== SRGB) {
      const [horizontal, vertical] = [reader.flag(), reader.flag()];
      chromaSubsampling = !horizontal ? 3 : vertical ? 1 : 2;
    }
    reader.skip(1);
  }
  return {
    profile,
    bitDepth,
    colorSpace,
    fullRange,
    chromaSubsampling,
    width: reader.bits(16) + 1,
    height: reader.bits(16) + 1,
  };
}
