// NAL units of H.264 and HEVC: converts byte streams with start codes (Annex B) to and from samples with lengths, and classifies units.

export type NalCodec = 'h264' | 'hevc';

const LENGTH_BYTES = 4;
const START_CODE = Buffer.from([0, 0, 1]);

export const H264_NAL = {
  nonIdr: 1,
  idr: 5,
  sei: 6,
  sps: 7,
  pps: 8,
  accessUnitDelimiter: 9,
  spsExtension: 13,
} as const;
export const HEVC_NAL = {
  idrWithRadl: 19,
  idrWithoutLeading: 20,
  cra: 21,
  vps: 32,
  sps: 33,
  pps: 34,
  accessUnitDelimiter: 35,
} as const;

/** nal_unit_type of a unit without start code or length (ISO/IEC 14496-10 7.3.1, 23008-2 7.3.1.2); -1 for an empty unit. */
export function nalType(codec: NalCodec, unit: Uint8Array): number {
  const header = unit[0];
  if (header === undefined) return -1;
  return codec === 'h264' ? header & 0x1f : (header >> 1) & 0x3f;
}

/** VPS, SPS, SPS extension or PPS. */
function isParameterSet(codec: NalCodec, type: number): boolean {
  if (codec === 'hevc') return type >= HEVC_NAL.vps && type <= HEVC_NAL.pps;
  return type === H264_NAL.sps || type === H264_NAL.pps || type === H264_NAL.spsExtension;
}

export function isAccessUnitDelimiter(codec: NalCodec, type: number): boolean {
  return type === (codec === 'h264' ? H264_NAL.accessUnitDelimiter : HEVC_NAL.accessUnitDelimiter);
}

/**
 * Units of a byte stream (Annex B), as views without start codes.
 * Zeros before a start code belong to no unit (B.1.1: a unit never ends in 00); bytes before the first start code are dropped.
 */
export function annexBUnits(stream: Uint8Array): Uint8Array[] {
  const bytes = bufferOver(stream);
  const units: Uint8Array[] = [];
  let codeAt = bytes.indexOf(START_CODE);
  while (codeAt !== -1) {
    const start = codeAt + START_CODE.length;
    codeAt = bytes.indexOf(START_CODE, start);
    let end = codeAt === -1 ? bytes.length : codeAt;
    while (end > start && bytes[end - 1] === 0) end--;
    if (end > start) units.push(bytes.subarray(start, end));
  }
  return units;
}

/**
 * Units of a sample with lengths of `lengthSize` bytes (1 to 4, lengthSizeMinusOne + 1 of avcC / hvcC), as views.
 * In a truncated sample, a unit that would exceed the end is left out with all that follows; empty units are left out too.
 */
export function sampleUnits(sample: Uint8Array, lengthSize = LENGTH_BYTES): Uint8Array[] {
  const bytes = bufferOver(sample);
  const units: Uint8Array[] = [];
  let offset = 0;
  while (offset + lengthSize <= bytes.length) {
    const start = offset + lengthSize;
    offset = start + bytes.readUIntBE(offset, lengthSize);
    if (offset > bytes.length) break;
    if (offset > start) units.push(bytes.subarray(start, offset));
  }
  return units;
}

/** The same for the first bytes of a sample: the last unit may be truncated. */
export function headUnits(head: Uint8Array, lengthSize: number): Uint8Array[] {
  const bytes = bufferOver(head);
  const units: Uint8Array[] = [];
  for (let offset = 0; offset + lengthSize < bytes.length;) {
    const start = offset + lengthSize;
    offset = start + bytes.readUIntBE(offset, lengthSize);
    if (offset > start) units.push(bytes.subarray(start, offset));
  }
  return units;
}

/** One sample with 4-byte lengths from units. */
export function sampleFromUnits(units: readonly Uint8Array[]): Buffer {
  return joinUnits(units, true);
}

/** One byte stream from units, each after 00 00 00 01. */
function annexBFromUnits(units: readonly Uint8Array[]): Buffer {
  return joinUnits(units, false);
}

/** Byte stream with start codes to a sample with 4-byte lengths; empty when there is no start code. */
export function annexBToSample(stream: Uint8Array): Buffer {
  return sampleFromUnits(annexBUnits(stream));
}

/** Sample with lengths of `lengthSize` bytes to a byte stream. */
export function sampleToAnnexB(sample: Uint8Array, lengthSize = LENGTH_BYTES): Buffer {
  return annexBFromUnits(sampleUnits(sample, lengthSize));
}

/** The same sample with 4-byte lengths; returned unchanged when it has them already. */
export function normalizeLengths(sample: Uint8Array, lengthSize: number): Uint8Array {
  return lengthSize === LENGTH_BYTES ? sample : sampleFromUnits(sampleUnits(sample, lengthSize));
}

/** Whether bytes begin with a start code. Also true for a sample whose first unit has one byte, so the configuration record takes precedence. */
export function startsWithStartCode(bytes: Uint8Array): boolean {
  return bytes[0] === 0 && bytes[1] === 0 && (bytes[2] === 1 || (bytes[2] === 0 && bytes[3] === 1));
}

/** The sample (4-byte lengths) without the units whose type `isUnwanted`; the same object when there are none. */
function withoutUnits(sample: Uint8Array, codec: NalCodec, isUnwanted: (type: number) => boolean): Uint8Array {
  const units = sampleUnits(sample);
  const kept = units.filter((unit) => !isUnwanted(nalType(codec, unit)));
  return kept.length === units.length ? sample : sampleFromUnits(kept);
}

/** The sample (4-byte lengths) without parameter sets and delimiters, as `avc1` and `hvc1` require (ISO/IEC 14496-15 4.3.2, 5.4.2.1.1). */
export function withoutParameterSets(sample: Uint8Array, codec: NalCodec): Uint8Array {
  return withoutUnits(sample, codec, (type) => isParameterSet(codec, type) || isAccessUnitDelimiter(codec, type));
}

/**
 * Whether a sample (4-byte lengths) is an IDR picture: no picture after it refers to a picture before it.
 * H.264 type 5; HEVC 19 and 20. An H.264 recovery point or an HEVC CRA is not.
 */
export function isIdr(sample: Uint8Array, codec: NalCodec): boolean {
  const type = firstSliceType(sample, codec);
  return codec === 'h264'
    ? type === H264_NAL.idr
    : type === HEVC_NAL.idrWithRadl || type === HEVC_NAL.idrWithoutLeading;
}

/** Whether decoding may start at a picture with slices of this nal_unit_type: IDR in H.264; any IRAP picture (types 16 to 23) in HEVC. */
export function isRandomAccess(type: number, codec: NalCodec): boolean {
  return codec === 'h264' ? type === H264_NAL.idr : type >= 16 && type <= 23;
}

/** nal_unit_type of a sample's first coded slice, -1 when there is none. Reads unit headers only. */
function firstSliceType(sample: Uint8Array, codec: NalCodec): number {
  return firstSlice(sampleUnits(sample), codec) ?? -1;
}

/** nal_unit_type of the first coded slice among units, which may be truncated. */
export function firstSlice(units: readonly Uint8Array[], codec: NalCodec): number | undefined {
  return units.map((unit) => nalType(codec, unit)).find((type) => isSlice(codec, type));
}

/** Whether the type is that of a coded slice, of any picture. */
export function isSlice(codec: NalCodec, type: number): boolean {
  return codec === 'h264' ? type >= H264_NAL.nonIdr && type <= H264_NAL.idr : type >= 0 && type < HEVC_NAL.vps;
}

/** Bytes before each unit: its length, or 00 00 00 01. Both have four bytes, so a sample and its byte stream have equal sizes. */
function joinUnits(units: readonly Uint8Array[], asLengths: boolean): Buffer {
  let size = 0;
  for (const unit of units) size += LENGTH_BYTES + unit.length;
  const out = Buffer.allocUnsafe(size);
  let offset = 0;
  for (const unit of units) {
    out.writeUInt32BE(asLengths ? unit.length : 1, offset);
    out.set(unit, offset + LENGTH_BYTES);
    offset += LENGTH_BYTES + unit.length;
  }
  return out;
}

function bufferOver(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
