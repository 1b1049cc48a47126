// Reads the AVCDecoderConfigurationRecord, `avcC` (ISO/IEC 14496-15 5.3.3.1), and builds it from parameter sets.
import { AppError } from '../../base/app-error.ts';
import { annexBUnits, H264_NAL, nalType, startsWithStartCode } from './nal-units.ts';
import { parseH264Sps } from './h264-sps.ts';

export interface AvcConfiguration {
  /** Bytes of the length field before NAL units in samples. */
  lengthSize: number;
  /** Units without start codes. */
  sps: Uint8Array[];
  pps: Uint8Array[];
}

/** Baseline, Main, Extended: the record of all other profiles ends with chroma and bit depth. */
const SHORT_RECORD_PROFILES = [66, 77, 88];

/**
 * Parameter sets and length size of an `avcC`, or of a byte stream of parameter sets, as in TS and AVI (length size 4).
 * @throws AppError NOT_MEDIA when it is neither
 */
export function parseAvcConfiguration(record: Uint8Array): AvcConfiguration {
  if (startsWithStartCode(record)) {
    const units = annexBUnits(record);
    return {
      lengthSize: 4,
      sps: units.filter((unit) => nalType('h264', unit) === H264_NAL.sps),
      pps: units.filter((unit) => nalType('h264', unit) === H264_NAL.pps),
    };
  }
  if (record.length < 7 || record[0] !== 1)
    throw new AppError('NOT_MEDIA', `The H.264 configuration (${record.length} bytes) is not an avcC record`);
  const spsList = readUnits(record, { at: 6, count: (record[5] ?? 0) & 0x1f });
  const ppsList = readUnits(record, { at: spsList.end + 1, count: record[spsList.end] ?? 0 });
  return { lengthSize: ((record[4] ?? 0) & 3) + 1, sps: spsList.units, pps: ppsList.units };
}

/** An `avcC` with 4-byte lengths. Equal sets give equal bytes. @throws AppError NOT_MEDIA without a readable SPS */
export function buildAvcConfiguration({ sps, pps }: Pick<AvcConfiguration, 'sps' | 'pps'>): Buffer {
  const first = sps[0];
  if (first === undefined || first.length < 4)
    throw new AppError('NOT_MEDIA', 'The H.264 stream has no sequence parameter set');
  const [, profile = 0, compatibility = 0, level = 0] = first;
  const parts = [Buffer.from([1, profile, compatibility, level, 0xff, 0xe0 | sps.length]), ...withLengths(sps)];
  parts.push(Buffer.from([pps.length]), ...withLengths(pps));
  if (!SHORT_RECORD_PROFILES.includes(profile)) {
    const { chromaFormat, bitDepthLuma, bitDepthChroma } = parseH264Sps(first);
    parts.push(Buffer.from([0xfc | chromaFormat, 0xf8 | (bitDepthLuma - 8), 0xf8 | (bitDepthChroma - 8), 0]));
  }
  return Buffer.concat(parts);
}

function readUnits(record: Uint8Array, list: { at: number; count: number }): { units: Uint8Array[]; end: number } {
  const units: Uint8Array[] = [];
  let at = list.at;
  for (let index = 0; index < list.count; index++) {
    const start = at + 2;
    at = start + (((record[at] ?? 0) << 8) | (record[at + 1] ?? 0));
    if (at > record.length) throw new AppError('NOT_MEDIA', 'The avcC record ends inside a parameter set');
    if (at > start) units.push(record.subarray(start, at));
  }
  return { units, end: at };
}

function withLengths(units: readonly Uint8Array[]): Uint8Array[] {
  return units.flatMap((unit) => [Buffer.from([unit.length >> 8, unit.length & 0xff]), unit]);
}
