// Reads the HEVCDecoderConfigurationRecord, `hvcC` (ISO/IEC 14496-15 8.3.3.1), and builds it from parameter sets.
import { AppError } from '../../base/app-error.ts';
import { parseHevcSps } from './hevc-sps.ts';
import { annexBUnits, HEVC_NAL, nalType, startsWithStartCode } from './nal-units.ts';

export interface HevcConfiguration {
  /** Bytes of the length field before NAL units in samples. */
  lengthSize: number;
  /** Units without start codes. */
  vps: Uint8Array[];
  sps: Uint8Array[];
  pps: Uint8Array[];
}

/**
 * Parameter sets and length size of an `hvcC`, or of a byte stream of parameter sets, as in TS (length size 4).
 * @throws AppError NOT_MEDIA when it is neither
 */
export function parseHevcConfiguration(record: Uint8Array): HevcConfiguration {
  if (startsWithStartCode(record)) return { lengthSize: 4, ...sorted(annexBUnits(record)) };
  // Some muxers wrote version 0 before the standard was final.
  if (record.length < 23 || (record[0] ?? 0) > 1) {
    throw new AppError('NOT_MEDIA', `The HEVC configuration (${record.length} bytes) is not an hvcC record`);
  }
  const units: Uint8Array[] = [];
  let at = 23;
  for (let arrays = record[22] ?? 0; arrays > 0; arrays--) {
    const count = u16(record, at + 1);
    at += 3;
    for (let index = 0; index < count; index++) {
      const start = at + 2;
      at = start + u16(record, at);
      if (at > record.length) throw new AppError('NOT_MEDIA', 'The hvcC record ends inside a parameter set');
      units.push(record.subarray(start, at));
    }
  }
  return { lengthSize: ((record[21] ?? 0) & 3) + 1, ...sorted(units) };
}

/**
 * An `hvcC` with 4-byte lengths and complete arrays, as `hvc1` requires. Equal sets give equal bytes.
 * @throws AppError NOT_MEDIA without a readable SPS
 */
export function buildHevcConfiguration({ vps, sps, pps }: Omit<HevcConfiguration, 'lengthSize'>): Buffer {
  const first = sps[0];
  if (first === undefined) throw new AppError('NOT_MEDIA', 'The HEVC stream has no sequence parameter set');
  const set = parseHevcSps(first);
  const head = Buffer.alloc(23);
  head[0] = 1;
  head[1] = (set.space << 6) | (set.isHighTier ? 0x20 : 0) | set.profile;
  head.writeUInt32BE(set.compatibility, 2);
  head.set(set.constraints, 6);
  head[12] = set.level;
  head.writeUInt16BE(0xf000, 13); // min_spatial_segmentation_idc unknown
  head[15] = 0xfc; // parallelismType unknown
  head[16] = 0xfc | set.chromaFormat;
  head[17] = 0xf8 | (set.bitDepthLuma - 8);
  head[18] = 0xf8 | (set.bitDepthChroma - 8);
  head[21] = (set.temporalLayers << 3) | (set.isTemporallyNested ? 4 : 0) | 3;
  const arrays = [unitArray(HEVC_NAL.vps, vps), unitArray(HEVC_NAL.sps, sps), unitArray(HEVC_NAL.pps, pps)].filter(
    (array) => array.length > 0,
  );
  head[22] = arrays.length;
  return Buffer.concat([head, ...arrays.flat()]);
}

function unitArray(type: number, units: readonly Uint8Array[]): Uint8Array[] {
  if (units.length === 0) return [];
  const complete = 0x80;
  return [
    Buffer.from([complete | type, units.length >> 8, units.length & 0xff]),
    ...units.flatMap((unit) => [Buffer.from([unit.length >> 8, unit.length & 0xff]), unit]),
  ];
}

function sorted(units: readonly Uint8Array[]): Pick<HevcConfiguration, 'vps' | 'sps' | 'pps'> {
  const ofType = (type: number): Uint8Array[] => units.filter((unit) => nalType('hevc', unit) === type);
  return { vps: ofType(HEVC_NAL.vps), sps: ofType(HEVC_NAL.sps), pps: ofType(HEVC_NAL.pps) };
}

function u16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}
