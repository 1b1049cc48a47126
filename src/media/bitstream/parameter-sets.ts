// The parameter sets among the units of a stream: completes configuration records without parameter sets, and detects changes.
import { AppError } from '../../base/app-error.ts';
import { buildAvcConfiguration, parseAvcConfiguration } from './avc-configuration.ts';
import { buildHevcConfiguration, parseHevcConfiguration } from './hevc-configuration.ts';
import { annexBUnits, H264_NAL, headUnits, HEVC_NAL, nalType, type NalCodec } from './nal-units.ts';

export interface ParameterSets {
  vps: Uint8Array[];
  sps: Uint8Array[];
  pps: Uint8Array[];
}

const NONE: ParameterSets = { vps: [], sps: [], pps: [] };

/** The parameter sets of a record (avcC, hvcC) or of a byte stream; empty for other bytes. */
export function statedParameterSets(codec: NalCodec, record: Uint8Array): ParameterSets {
  try {
    return codec === 'h264' ? { ...NONE, ...parseAvcConfiguration(record) } : parseHevcConfiguration(record);
  } catch (error) {
    if (error instanceof AppError) return NONE;
    throw error;
  }
}

/** The parameter sets in a picture's first bytes. `lengthSize`: undefined for units with start codes. */
export function parameterSetsIn(codec: NalCodec, head: Uint8Array, lengthSize: number | undefined): ParameterSets {
  const units = lengthSize === undefined ? annexBUnits(head) : headUnits(head, lengthSize);
  const ofType = (type: number) => units.filter((unit) => nalType(codec, unit) === type);
  return codec === 'h264'
    ? { vps: [], sps: ofType(H264_NAL.sps), pps: ofType(H264_NAL.pps) }
    : { vps: ofType(HEVC_NAL.vps), sps: ofType(HEVC_NAL.sps), pps: ofType(HEVC_NAL.pps) };
}

/** Whether decoding can begin with these sets. */
export function areComplete(codec: NalCodec, { vps, sps, pps }: ParameterSets): boolean {
  return sps.length > 0 && pps.length > 0 && (codec === 'h264' || vps.length > 0);
}

/** An avcC or hvcC with 4-byte lengths. @throws AppError NOT_MEDIA without a readable SPS */
export function buildConfiguration(codec: NalCodec, sets: ParameterSets): Uint8Array {
  return codec === 'h264' ? buildAvcConfiguration(sets) : buildHevcConfiguration(sets);
}

/**
 * Detects a stream that continues with other sequence parameter sets: another size, another profile. From that point on, the configuration
 * record is wrong. Several sets that alternate are no change.
 */
export class SequenceWatch {
  readonly #codec: NalCodec;
  readonly #known: Set<string>;
  hasChanged = false;

  constructor(codec: NalCodec, stated: ParameterSets) {
    this.#codec = codec;
    this.#known = new Set(stated.sps.map(textOf));
  }

  /** Reads the first kilobytes of a keyframe. */
  see(head: Uint8Array, lengthSize: number | undefined): void {
    const { sps } = parameterSetsIn(this.#codec, head, lengthSize);
    if (this.#known.size && sps.some((unit) => !this.#known.has(textOf(unit)))) this.hasChanged = true;
    else for (const unit of sps) this.#known.add(textOf(unit));
  }
}

function textOf(unit: Uint8Array): string {
  return Buffer.from(unit.buffer, unit.byteOffset, unit.byteLength).toString('latin1');
}
