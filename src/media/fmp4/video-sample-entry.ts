// Visual sample entries: `avc1`, `hvc1`, `vp09`, `av01` with their configuration, colour and pixel shape.
import { AppError } from '../../base/app-error.ts';
import type { Rational } from '../../base/rational.ts';
import type { ColorDescription, VideoTrack } from '../model/description.ts';
import { box, fourCharacters, fullBox, u16, u32, u8, zeros } from './box.ts';

/**
 * The written properties of a video track. `configuration`: avcC (h264), hvcC (hevc), vpcC with or without its version and flags (vp9),
 * av1C (av1); `vp9Configuration()` makes one from a frame if the container has none.
 */
export type VideoShape = Pick<
  VideoTrack,
  'codec' | 'configuration' | 'width' | 'height' | 'sampleAspectRatio' | 'color'
>;

const UNSPECIFIED = 2;

/** The entry of `stsd` (ISO/IEC 14496-12 12.1.3). @throws AppError UNSUPPORTED_MEDIA, NOT_MEDIA */
export function videoSampleEntry(track: VideoShape): Buffer {
  const { type, configuration } = codecBoxes(track);
  return box(
    type,
    zeros(6),
    u16(1), // data_reference_index
    zeros(16),
    u16(track.width, track.height),
    u32(0x00480000, 0x00480000, 0), // 72 dpi
    u16(1),
    zeros(32), // compressorname
    u16(0x0018, 0xffff),
    configuration,
    ...colorBox(track.color),
    ...pixelAspectBox(track.sampleAspectRatio),
  );
}

function codecBoxes({ codec, configuration }: VideoShape): { type: string; configuration: Buffer } {
  switch (codec) {
    case 'h264':
      return { type: 'avc1', configuration: box('avcC', record(configuration, { codec, leastBytes: 7 })) };
    case 'hevc':
      return { type: 'hvc1', configuration: box('hvcC', record(configuration, { codec, leastBytes: 23 })) };
    case 'av1':
      return {
        type: 'av01',
        configuration: box('av1C', record(configuration, { codec, leastBytes: 4, version: 0x81 })),
      };
    case 'vp9':
      return { type: 'vp09', configuration: vpBox(configuration, codec) };
    default:
      throw new AppError('UNSUPPORTED_MEDIA', `Video of type ${codec} cannot be written to fragmented MP4`);
  }
}

function record(bytes: Uint8Array, need: { codec: string; leastBytes: number; version?: number }): Uint8Array {
  if (bytes.length < need.leastBytes || bytes[0] !== (need.version ?? 1)) {
    throw new AppError(
      'NOT_MEDIA',
      `The ${need.codec} configuration record (${bytes.length} bytes) is not a valid one`,
    );
  }
  return bytes;
}

/** VPCodecConfigurationBox: the record has 8 bytes, or 12 with version and flags before it. */
function vpBox(configuration: Uint8Array, codec: string): Buffer {
  if (configuration.length === 8) return fullBox({ type: 'vpcC', version: 1, flags: 0 }, configuration);
  return box('vpcC', record(configuration, { codec, leastBytes: 12 }));
}

function colorBox(color: ColorDescription): Buffer[] {
  const { primaries, transfer, matrix, fullRange } = color;
  if (primaries === UNSPECIFIED && transfer === UNSPECIFIED && matrix === UNSPECIFIED && !fullRange) return [];
  return [box('colr', fourCharacters('nclx'), u16(primaries, transfer, matrix), u8(fullRange ? 0x80 : 0))];
}

function pixelAspectBox(ratio: Rational): Buffer[] {
  const { num, den } = ratio;
  return num === den || num <= 0 || den <= 0 ? [] : [box('pasp', u32(num, den))];
}
