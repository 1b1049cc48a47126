// Sequence parameter set of H.264 (ISO/IEC 14496-10 7.3.2.1.1 and E.1.1).
import { AppError } from '../../base/app-error.ts';
import type { Rational } from '../../base/rational.ts';
import { BitReader } from './bit-reader.ts';
import { rbsp } from './rbsp.ts';
import {
  CHROMA_FORMATS,
  readTickRate,
  readUsabilityHead,
  tolerant,
  unspecifiedUsability,
  type VideoUsability,
} from './video-usability.ts';

export interface H264Sps extends VideoUsability {
  profile: number;
  /** constraint_set flags, the first one in the highest bit. */
  constraints: number;
  /** Ten times the level. */
  level: number;
  /** The cropped size. */
  width: number;
  height: number;
  chromaFormat: number;
  chroma: (typeof CHROMA_FORMATS)[number];
  bitDepthLuma: number;
  bitDepthChroma: number;
  /** Whether the stream may hold fields or field-adaptive frames, including progressive video coded in this way. */
  interlaced: boolean;
  /** Frames that may precede a frame in decode order and follow it in output order: as stated, else the limit of the level. */
  maxReorder: number;
  /** The picture order count fields of slice headers (7.3.3). */
  pictureOrder: H264PictureOrder;
  /** Frame rate by the timing information; undefined without it. */
  frameRate: Rational | undefined;
}

export interface H264PictureOrder {
  /** pic_order_cnt_type; 2: output order is decode order. */
  type: number;
  /** Bits of pic_order_cnt_lsb; 0 unless the type is 0. */
  orderBits: number;
  frameNumberBits: number;
  hasSeparatePlanes: boolean;
  mayHaveFields: boolean;
}

const WITH_CHROMA = [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135];
const MOST_MACROBLOCKS = 4096; // 65536 samples a side
/** MaxDpbMbs of Table A-1 by level_idc, up to and including it. */
const DPB_MACROBLOCKS = [
  [10, 396],
  [11, 900],
  [20, 2376],
  [21, 4752],
  [30, 8100],
  [31, 18000],
  [32, 20480],
  [41, 32768],
  [42, 34816],
  [50, 110400],
  [52, 184320],
  [62, 696320],
] as const;

/** Parses an SPS unit without start code. @throws AppError NOT_MEDIA */
export function parseH264Sps(unit: Uint8Array): H264Sps {
  if (((unit[0] ?? 0) & 0x1f) !== 7) throw new AppError('NOT_MEDIA', 'This unit is no H.264 sequence parameter set');
  const reader = new BitReader(rbsp(unit, 1));
  const [profile, constraints, level] = [reader.bits(8), reader.bits(8), reader.bits(8)];
  reader.unsignedUpTo(31); // seq_parameter_set_id
  const format = WITH_CHROMA.includes(profile)
    ? readFormat(reader)
    : { chromaFormat: 1, bitDepthLuma: 8, bitDepthChroma: 8, subsampled: 1 };
  const frameNumberBits = 4 + reader.unsignedUpTo(12);
  const { type, orderBits } = readPictureOrder(reader);
  reader.unsignedUpTo(16); // max_num_ref_frames
  reader.skip(1);
  const size = readSize(reader, format.subsampled);
  const usability = unspecifiedUsability();
  const tail: { maxReorder?: number; frameRate?: Rational | undefined } = {};
  tolerant(() => {
    if (reader.flag()) readUsability(reader, { usability, tail });
  });
  return {
    ...usability,
    profile,
    constraints,
    level,
    width: size.width,
    height: size.height,
    chromaFormat: format.chromaFormat,
    chroma: CHROMA_FORMATS[format.chromaFormat] ?? '4:2:0',
    bitDepthLuma: format.bitDepthLuma,
    bitDepthChroma: format.bitDepthChroma,
    interlaced: size.interlaced,
    maxReorder: tail.maxReorder ?? reorderBound({ orderType: type, level, macroblocks: size.macroblocks }),
    pictureOrder: {
      type,
      orderBits,
      frameNumberBits,
      hasSeparatePlanes: format.chromaFormat === 3 && format.subsampled === 0,
      mayHaveFields: size.interlaced,
    },
    frameRate: tail.frameRate,
  };
}

interface Format {
  chromaFormat: number;
  bitDepthLuma: number;
  bitDepthChroma: number;
  /** ChromaArrayType. */
  subsampled: number;
}

function readFormat(reader: BitReader): Format {
  const chromaFormat = reader.unsignedUpTo(3);
  const separatePlanes = chromaFormat === 3 && reader.flag();
  const [bitDepthLuma, bitDepthChroma] = [8 + reader.unsignedUpTo(6), 8 + reader.unsignedUpTo(6)];
  reader.skip(1); // qpprime_y_zero_transform_bypass_flag
  if (reader.flag()) {
    for (let list = 0; list < (chromaFormat === 3 ? 12 : 8); list++)
      if (reader.flag()) skipScalingList(reader, list < 6 ? 16 : 64);
  }
  return { chromaFormat, bitDepthLuma, bitDepthChroma, subsampled: separatePlanes ? 0 : chromaFormat };
}

function skipScalingList(reader: BitReader, size: number): void {
  let last = 8;
  let next = 8;
  for (let index = 0; index < size; index++) {
    if (next !== 0) next = (last + reader.signed() + 256) & 0xff;
    if (next !== 0) last = next;
  }
}

function readPictureOrder(reader: BitReader): { type: number; orderBits: number } {
  const type = reader.unsignedUpTo(2);
  if (type === 0) return { type, orderBits: 4 + reader.unsignedUpTo(12) };
  if (type === 2) return { type, orderBits: 0 };
  reader.skip(1);
  reader.signed();
  reader.signed();
  const cycle = reader.unsignedUpTo(255);
  for (let index = 0; index < cycle; index++) reader.signed();
  return { type, orderBits: 0 };
}

function readSize(
  reader: BitReader,
  subsampled: number,
): { width: number; height: number; interlaced: boolean; macroblocks: number } {
  const columns = reader.unsignedUpTo(MOST_MACROBLOCKS - 1) + 1;
  const mapRows = reader.unsignedUpTo(MOST_MACROBLOCKS - 1) + 1;
  const interlaced = !reader.flag(); // frame_mbs_only_flag
  if (interlaced) reader.skip(1);
  reader.skip(1); // direct_8x8_inference_flag
  const rows = interlaced ? mapRows * 2 : mapRows;
  let [width, height] = [columns * 16, rows * 16];
  if (reader.flag()) {
    const unitX = subsampled === 1 || subsampled === 2 ? 2 : 1;
    const unitY = (subsampled === 1 ? 2 : 1) * (interlaced ? 2 : 1);
    width -= unitX * (reader.unsigned() + reader.unsigned());
    height -= unitY * (reader.unsigned() + reader.unsigned());
    if (width <= 0 || height <= 0)
      throw new AppError('NOT_MEDIA', 'The H.264 parameter set crops the whole picture away');
  }
  return { width, height, interlaced, macroblocks: columns * rows };
}

function readUsability(
  reader: BitReader,
  into: { usability: VideoUsability; tail: { maxReorder?: number; frameRate?: Rational | undefined } },
): void {
  readUsabilityHead(reader, into.usability);
  if (reader.flag()) {
    const fields = readTickRate(reader);
    into.tail.frameRate = fields === undefined ? undefined : halved(fields); // a tick is a field (E.2.1)
    reader.skip(1);
  }
  const withNalHrd = reader.flag();
  if (withNalHrd) skipHrd(reader);
  const withVclHrd = reader.flag();
  if (withVclHrd) skipHrd(reader);
  if (withNalHrd || withVclHrd) reader.skip(1);
  reader.skip(1); // pic_struct_present_flag
  if (!reader.flag()) return;
  reader.skip(1);
  for (let field = 0; field < 4; field++) reader.unsigned();
  into.tail.maxReorder = reader.unsignedUpTo(16);
}

function skipHrd(reader: BitReader): void {
  const count = reader.unsignedUpTo(31) + 1;
  reader.skip(8);
  for (let index = 0; index < count; index++) {
    reader.unsigned();
    reader.unsigned();
    reader.skip(1);
  }
  reader.skip(20);
}

function halved({ num, den }: Rational): Rational {
  return num % 2 === 0 ? { num: num / 2, den } : { num, den: den * 2 };
}

/** MaxDpbFrames (A.3.1 h); none where output order is decode order. */
function reorderBound({
  orderType,
  level,
  macroblocks,
}: {
  orderType: number;
  level: number;
  macroblocks: number;
}): number {
  if (orderType === 2) return 0;
  const capacity = DPB_MACROBLOCKS.find(([most]) => level <= most)?.[1] ?? 696320;
  return Math.min(16, Math.floor(capacity / macroblocks));
}
