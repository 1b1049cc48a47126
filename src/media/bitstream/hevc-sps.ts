// Sequence parameter set of HEVC (ISO/IEC 23008-2 7.3.2.2, 7.3.3 and E.2.1), read up to the timing information.
import { AppError } from '../../base/app-error.ts';
import type { Rational } from '../../base/rational.ts';
import { BitReader } from './bit-reader.ts';
import { HEVC_NAL, nalType } from './nal-units.ts';
import { rbsp } from './rbsp.ts';
import {
  CHROMA_FORMATS,
  readTickRate,
  readUsabilityHead,
  tolerant,
  unspecifiedUsability,
  type VideoUsability,
} from './video-usability.ts';

export interface HevcProfile {
  /** general_profile_space, 0 to 3. */
  space: number;
  isHighTier: boolean;
  profile: number;
  /** 32 flags, flag 0 in the highest bit. */
  compatibility: number;
  /** The 48 bits of constraint flags, 6 bytes. */
  constraints: Uint8Array;
  /** Thirty times the level. */
  level: number;
}

export interface HevcSps extends HevcProfile, VideoUsability {
  /** The cropped size. */
  width: number;
  height: number;
  chromaFormat: number;
  chroma: (typeof CHROMA_FORMATS)[number];
  bitDepthLuma: number;
  bitDepthChroma: number;
  temporalLayers: number;
  isTemporallyNested: boolean;
  /** Whether pictures are fields, or the stream is flagged as interlaced. */
  interlaced: boolean;
  maxReorder: number;
  /** Bits of slice_pic_order_cnt_lsb. */
  orderBits: number;
  hasSeparatePlanes: boolean;
  /** Frame rate by the timing information; undefined without it. */
  frameRate: Rational | undefined;
}

const LARGEST_SIDE = 65536;

/** Parses an SPS unit without start code. @throws AppError NOT_MEDIA */
export function parseHevcSps(unit: Uint8Array): HevcSps {
  if (nalType('hevc', unit) !== HEVC_NAL.sps)
    throw new AppError('NOT_MEDIA', 'This unit is no HEVC sequence parameter set');
  const payload = rbsp(unit, 2);
  const reader = new BitReader(payload);
  reader.skip(4);
  const subLayers = reader.bits(3);
  const isTemporallyNested = reader.flag();
  const profile = readProfile(reader, payload);
  skipSubLayerProfiles(reader, subLayers);
  reader.unsignedUpTo(15); // sps_seq_parameter_set_id
  const chromaFormat = reader.unsignedUpTo(3);
  const separatePlanes = chromaFormat === 3 && reader.flag();
  const size = readSize(reader, separatePlanes ? 0 : chromaFormat);
  const [bitDepthLuma, bitDepthChroma] = [8 + reader.unsignedUpTo(8), 8 + reader.unsignedUpTo(8)];
  const orderBits = 4 + reader.unsignedUpTo(12);
  const maxReorder = readOrdering(reader, subLayers);

  const usability = unspecifiedUsability();
  const tail: UsabilityTail = { areFields: false, frameRate: undefined };
  tolerant(() => {
    skipCodingTools(reader, orderBits);
    if (reader.flag()) readUsability(reader, { usability, tail });
  });
  const sourceFlags = profile.constraints[0] ?? 0;
  return {
    ...profile,
    ...usability,
    ...size,
    chromaFormat,
    chroma: CHROMA_FORMATS[chromaFormat] ?? '4:2:0',
    bitDepthLuma,
    bitDepthChroma,
    temporalLayers: subLayers + 1,
    isTemporallyNested,
    interlaced: tail.areFields || (sourceFlags & 0xc0) === 0x40, // interlaced_source without progressive_source
    maxReorder,
    orderBits,
    hasSeparatePlanes: separatePlanes,
    frameRate: tail.frameRate,
  };
}

/** profile_tier_level, the general part: 12 bytes from the second byte of the payload. */
function readProfile(reader: BitReader, payload: Uint8Array): HevcProfile {
  const [space, isHighTier, profile, compatibility] = [reader.bits(2), reader.flag(), reader.bits(5), reader.bits(32)];
  reader.skip(48);
  return { space, isHighTier, profile, compatibility, constraints: payload.slice(6, 12), level: reader.bits(8) };
}

function skipSubLayerProfiles(reader: BitReader, subLayers: number): void {
  if (subLayers === 0) return;
  let bits = 0;
  for (let layer = 0; layer < 8; layer++) {
    const [withProfile, withLevel] = [reader.flag(), reader.flag()];
    if (layer < subLayers) bits += (withProfile ? 88 : 0) + (withLevel ? 8 : 0);
  }
  reader.skip(bits);
}

function readSize(reader: BitReader, subsampled: number): { width: number; height: number } {
  let [width, height] = [reader.unsignedUpTo(LARGEST_SIDE), reader.unsignedUpTo(LARGEST_SIDE)];
  if (reader.flag()) {
    width -= (subsampled === 1 || subsampled === 2 ? 2 : 1) * (reader.unsigned() + reader.unsigned());
    height -= (subsampled === 1 ? 2 : 1) * (reader.unsigned() + reader.unsigned());
  }
  if (width <= 0 || height <= 0) throw new AppError('NOT_MEDIA', 'The HEVC parameter set describes an empty picture');
  return { width, height };
}

/** sps_max_num_reorder_pics of the highest temporal layer. */
function readOrdering(reader: BitReader, subLayers: number): number {
  const first = reader.flag() ? 0 : subLayers;
  let maxReorder = 0;
  for (let layer = first; layer <= subLayers; layer++) {
    reader.unsigned();
    maxReorder = reader.unsignedUpTo(16);
    reader.unsigned();
  }
  return maxReorder;
}

function skipCodingTools(reader: BitReader, orderBits: number): void {
  for (let field = 0; field < 6; field++) reader.unsigned(); // block sizes and depths
  if (reader.flag() && reader.flag()) skipScalingLists(reader);
  reader.skip(2); // amp, sao
  if (reader.flag()) {
    reader.skip(8);
    reader.unsigned();
    reader.unsigned();
    reader.skip(1);
  }
  skipShortTermSets(reader);
  if (reader.flag()) reader.skip(reader.unsignedUpTo(32) * (orderBits + 1)); // long-term pictures
  reader.skip(2); // temporal mvp, strong intra smoothing
}

function skipScalingLists(reader: BitReader): void {
  for (let size = 0; size < 4; size++) {
    for (let matrix = 0; matrix < 6; matrix += size === 3 ? 3 : 1) {
      if (!reader.flag()) {
        reader.unsigned();
        continue;
      }
      if (size > 1) reader.signed();
      for (let index = 0; index < Math.min(64, 1 << (4 + (size << 1))); index++) reader.signed();
    }
  }
}

/** st_ref_pic_set (7.3.7), for the number of pictures that a predicted set depends on. */
function skipShortTermSets(reader: BitReader): void {
  const count = reader.unsignedUpTo(64);
  let pictures = 0;
  for (let set = 0; set < count; set++) {
    if (set > 0 && reader.flag()) {
      reader.skip(1);
      reader.unsigned();
      let kept = 0;
      for (let index = 0; index <= pictures; index++) if (reader.flag() || reader.flag()) kept++;
      pictures = kept;
      continue;
    }
    pictures = reader.unsignedUpTo(16) + reader.unsignedUpTo(16);
    for (let index = 0; index < pictures; index++) {
      reader.unsigned();
      reader.skip(1);
    }
  }
}

interface UsabilityTail {
  areFields: boolean;
  frameRate: Rational | undefined;
}

function readUsability(reader: BitReader, into: { usability: VideoUsability; tail: UsabilityTail }): void {
  readUsabilityHead(reader, into.usability);
  reader.skip(1); // neutral_chroma_indication_flag
  into.tail.areFields = reader.flag();
  reader.skip(1);
  if (reader.flag()) for (let side = 0; side < 4; side++) reader.unsigned(); // default display window
  if (reader.flag()) into.tail.frameRate = readTickRate(reader);
}
