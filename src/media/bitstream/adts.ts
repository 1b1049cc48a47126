// ADTS: AAC frames with their configuration in each header (ISO/IEC 13818-7 6.2), as in MPEG-TS.
import { AppError } from '../../base/app-error.ts';
import { AAC_SAMPLE_RATES, type AudioSpecificConfig } from './audio-specific-config.ts';

export const ADTS_HEADER_BYTES = 7;
const LONGEST_FRAME = 0x1fff;

export interface AdtsFrame {
  objectType: number;
  sampleRate: number;
  /** 0: the frame contains a program config element. */
  channelConfiguration: number;
  /** Bytes of the header: 7, or 9 with a checksum. */
  headerBytes: number;
  /** Bytes of header and payload. */
  frameBytes: number;
}

/**
 * A writer of headers of one stream: the function returns the 7 bytes before a raw frame of `payloadBytes`.
 * @throws AppError UNSUPPORTED_MEDIA for a configuration or size that ADTS cannot state
 */
export function adtsHeaderWriter(config: AudioSpecificConfig): (payloadBytes: number) => Buffer {
  const { objectType, sampleRate, channelConfiguration, frameLength } = config;
  const rateIndex = AAC_SAMPLE_RATES.findIndex((rate) => rate === sampleRate);
  if (
    objectType < 1 ||
    objectType > 4 ||
    rateIndex === -1 ||
    channelConfiguration < 1 ||
    channelConfiguration > 7 ||
    frameLength !== 1024
  ) {
    throw new AppError(
      'UNSUPPORTED_MEDIA',
      `AAC of object type ${objectType}, ${sampleRate} Hz, channel configuration ${channelConfiguration} does not fit MPEG-TS`,
    );
  }
  return (payloadBytes) => {
    const size = payloadBytes + ADTS_HEADER_BYTES;
    if (size > LONGEST_FRAME)
      throw new AppError('UNSUPPORTED_MEDIA', `An AAC frame of ${payloadBytes} bytes does not fit ADTS`);
    return Buffer.from([
      0xff,
      0xf1, // MPEG-4, no checksum
      ((objectType - 1) << 6) | (rateIndex << 2) | (channelConfiguration >> 2),
      ((channelConfiguration & 3) << 6) | (size >> 11),
      (size >> 3) & 0xff,
      ((size & 7) << 5) | 0x1f, // buffer fullness 0x7ff: variable rate
      0xfc,
    ]);
  };
}

/** Reads the header at the start of `bytes`; undefined when there is none. */
export function parseAdtsHeader(bytes: Uint8Array): AdtsFrame | undefined {
  const [sync = 0, flags = 0, shape = 0, layout = 0, middle = 0, low = 0] = bytes;
  if (bytes.length < ADTS_HEADER_BYTES || sync !== 0xff || (flags & 0xf6) !== 0xf0) return undefined;
  const sampleRate = AAC_SAMPLE_RATES[(shape >> 2) & 0xf];
  const headerBytes = flags & 1 ? ADTS_HEADER_BYTES : ADTS_HEADER_BYTES + 2;
  const frameBytes = ((layout & 3) << 11) | (middle << 3) | (low >> 5);
  if (sampleRate === undefined || frameBytes < headerBytes) return undefined;
  return {
    objectType: (shape >> 6) + 1,
    sampleRate,
    channelConfiguration: ((shape & 1) << 2) | (layout >> 6),
    headerBytes,
    frameBytes,
  };
}

/** The raw frame of a packet, as a view without an ADTS header. */
export function rawAacFrame(packet: Uint8Array): Uint8Array {
  const header = parseAdtsHeader(packet);
  return header === undefined || header.frameBytes !== packet.length ? packet : packet.subarray(header.headerBytes);
}
