// Whether the output order of pictures differs from their decode order, by their slice headers: containers may state otherwise.
import { AppError } from '../../base/app-error.ts';
import { BitReader } from './bit-reader.ts';
import { parseH264Sps } from './h264-sps.ts';
import { parseHevcSps } from './hevc-sps.ts';
import { H264_NAL, HEVC_NAL, isSlice, nalType, type NalCodec } from './nal-units.ts';
import type { ParameterSets } from './parameter-sets.ts';
import { rbsp } from './rbsp.ts';

/** Order count of a picture within its coded video sequence, which begins with an IDR picture. */
interface OrderCount {
  count: number;
  /** The count is known modulo 2 to this power. */
  bits: number;
  isIdr: boolean;
}

/** `pictures`: the first units of each picture, in decode order. False when their headers cannot be read. */
export function isReordered(codec: NalCodec, sets: ParameterSets, pictures: readonly Uint8Array[][]): boolean {
  let latest: number | undefined;
  for (const units of pictures) {
    const order = orderOf(codec, sets, units);
    if (!order) continue;
    if (order.isIdr) latest = undefined;
    const half = 2 ** (order.bits - 1);
    const step = latest === undefined ? 1 : ((order.count - latest + 3 * half) % (2 * half)) - half;
    if (step < 0) return true;
    latest = order.count;
  }
  return false;
}

function orderOf(codec: NalCodec, sets: ParameterSets, units: readonly Uint8Array[]): OrderCount | undefined {
  const slice = units.find((unit) => isSlice(codec, nalType(codec, unit)));
  const [sps] = sets.sps;
  if (!slice || !sps) return undefined;
  try {
    return codec === 'h264' ? h264Order(slice, sps) : hevcOrder(slice, sps, sets.pps[0]);
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}

/** slice_header (ISO/IEC 14496-10 7.3.3). */
function h264Order(slice: Uint8Array, sps: Uint8Array): OrderCount | undefined {
  const { pictureOrder } = parseH264Sps(sps);
  if (pictureOrder.type !== 0) return undefined;
  const isIdr = nalType('h264', slice) === H264_NAL.idr;
  const reader = new BitReader(rbsp(slice.subarray(0, HEADER_BYTES), 1));
  for (let field = 0; field < 3; field++) reader.unsigned(); // first_mb_in_slice, slice_type, pic_parameter_set_id
  if (pictureOrder.hasSeparatePlanes) reader.skip(2);
  reader.skip(pictureOrder.frameNumberBits);
  if (pictureOrder.mayHaveFields && reader.flag()) reader.skip(1);
  if (isIdr) reader.unsigned(); // idr_pic_id
  return { count: reader.bits(pictureOrder.orderBits), bits: pictureOrder.orderBits, isIdr };
}

/** slice_segment_header (ISO/IEC 23008-2 7.3.6.1) of a picture's first segment. */
function hevcOrder(slice: Uint8Array, sps: Uint8Array, pps: Uint8Array | undefined): OrderCount | undefined {
  if (!pps) return undefined;
  const { orderBits, hasSeparatePlanes } = parseHevcSps(sps);
  const type = nalType('hevc', slice);
  const isIdr = type === HEVC_NAL.idrWithRadl || type === HEVC_NAL.idrWithoutLeading;
  if (isIdr) return { count: 0, bits: orderBits, isIdr };
  const set = new BitReader(rbsp(pps, 2));
  for (let field = 0; field < 2; field++) set.unsigned(); // its own id and the SPS's
  set.skip(1);
  const [hasOutputFlag, extraBits] = [set.flag(), set.bits(3)];
  const reader = new BitReader(rbsp(slice.subarray(0, HEADER_BYTES), 2));
  if (!reader.flag()) return undefined;
  if (type >= 16 && type <= 23) reader.skip(1); // no_output_of_prior_pics_flag
  reader.unsigned(); // slice_pic_parameter_set_id
  reader.skip(extraBits);
  reader.unsigned(); // slice_type
  if (hasOutputFlag) reader.skip(1);
  if (hasSeparatePlanes) reader.skip(2);
  return { count: reader.bits(orderBits), bits: orderBits, isIdr };
}

/** More than the fields that are read of a slice header. */
const HEADER_BYTES = 64;
