// Whether a decoder can start at a keyframe: a container's key flag also marks recovery points, at which no decoder starts without errors.
import { annexBToSample, annexBUnits, firstSlice, headUnits, isRandomAccess, normalizeLengths } from './nal-units.ts';
import type { NalCodec } from './nal-units.ts';

export interface CodedTrack {
  codec: string;
  /** avcC or hvcC; any other bytes or null for units with start codes. */
  configuration: Uint8Array | null;
}

/**
 * Whether decoding can start at a keyframe, from its first kilobytes or all of its bytes as the container stores them. Undefined: the picture does
 * not begin in these bytes. Always true for codecs other than H.264 and HEVC.
 */
export function isDecodingStart(head: Uint8Array, { codec, configuration }: CodedTrack): boolean | undefined {
  const nalCodec = nalCodecOf(codec);
  if (!nalCodec) return true;
  const lengthSize = lengthSizeOf(nalCodec, configuration);
  const units = lengthSize === undefined ? annexBUnits(head) : headUnits(head, lengthSize);
  const type = firstSlice(units, nalCodec);
  return type === undefined ? undefined : isRandomAccess(type, nalCodec);
}

/** A function that converts packets of this stream to samples: start codes or short lengths become 4-byte lengths. */
export function payloadToSample(codec: string, configuration: Uint8Array | null): (payload: Uint8Array) => Uint8Array {
  const nalCodec = nalCodecOf(codec);
  if (!nalCodec) return (payload) => payload;
  const lengthSize = lengthSizeOf(nalCodec, configuration);
  return lengthSize === undefined ? annexBToSample : (payload) => normalizeLengths(payload, lengthSize);
}

export function nalCodecOf(codec: string): NalCodec | undefined {
  return codec === 'h264' || codec === 'hevc' ? codec : undefined;
}

/** ISO/IEC 14496-15: lengthSizeMinusOne of avcC (byte 4) or hvcC (byte 21); undefined for a stream with start codes. */
export function lengthSizeOf(codec: NalCodec, configuration: Uint8Array | null): number | undefined {
  if (configuration?.[0] !== 1) return undefined;
  const byte = configuration[codec === 'h264' ? 4 : 21];
  return byte === undefined ? undefined : (byte & 3) + 1;
}
