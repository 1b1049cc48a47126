// The common part of the video usability information of H.264 (E.1.1) and HEVC (E.2.1).
import { AppError } from '../../base/app-error.ts';
import type { Rational } from '../../base/rational.ts';
import type { ColorDescription } from '../model/description.ts';
import type { BitReader } from './bit-reader.ts';

export interface VideoUsability {
  /** 1:1 if not stated. */
  sampleAspectRatio: Rational;
  color: ColorDescription;
}

export const CHROMA_FORMATS = ['4:0:0', '4:2:0', '4:2:2', '4:4:4'] as const;

const EXTENDED_RATIO = 255;
/** Table E-1, the same in H.264 and HEVC. */
const RATIOS = [
  [1, 1],
  [1, 1],
  [12, 11],
  [10, 11],
  [16, 11],
  [40, 33],
  [24, 11],
  [20, 11],
  [32, 11],
  [80, 33],
  [18, 11],
  [15, 11],
  [64, 33],
  [160, 99],
  [4, 3],
  [3, 2],
  [2, 1],
] as const;

export function unspecifiedUsability(): VideoUsability {
  return { sampleAspectRatio: { num: 1, den: 1 }, color: { primaries: 2, transfer: 2, matrix: 2, fullRange: false } };
}

/** Reads aspect ratio, overscan, signal type and chroma location into `usability`, in the order of both syntaxes. */
export function readUsabilityHead(reader: BitReader, usability: VideoUsability): void {
  if (reader.flag()) usability.sampleAspectRatio = readRatio(reader);
  if (reader.flag()) reader.skip(1); // overscan_appropriate_flag
  if (reader.flag()) {
    reader.skip(3); // video_format
    usability.color.fullRange = reader.flag();
    if (reader.flag()) {
      usability.color.primaries = reader.bits(8);
      usability.color.transfer = reader.bits(8);
      usability.color.matrix = reader.bits(8);
    }
  }
  if (reader.flag()) {
    reader.unsigned(); // chroma_sample_loc_type_top_field
    reader.unsigned();
  }
}

/** num_units_in_tick and time_scale: ticks per second, undefined when one of them is 0. */
export function readTickRate(reader: BitReader): Rational | undefined {
  const units = reader.bits(32);
  const scale = reader.bits(32);
  return units === 0 || scale === 0 ? undefined : reduced(scale, units);
}

/** Keeps the fields read so far when usability information is truncated, which is common and no reason to refuse a stream. */
export function tolerant(read: () => void): void {
  try {
    read();
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
  }
}

function readRatio(reader: BitReader): Rational {
  const code = reader.bits(8);
  const [num, den] = code === EXTENDED_RATIO ? [reader.bits(16), reader.bits(16)] : (RATIOS[code] ?? [1, 1]);
  return num === 0 || den === 0 ? { num: 1, den: 1 } : reduced(num, den);
}

function reduced(num: number, den: number): Rational {
  let [a, b] = [num, den];
  while (b > 0) [a, b] = [b, a % b];
  return { num: num / a, den: den / a };
}
