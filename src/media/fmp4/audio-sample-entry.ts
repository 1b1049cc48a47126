// Audio sample entries: `mp4a` (AAC, MP3), `ac-3`, `ec-3`, `Opus`, `fLaC` with their configuration.
import { AppError } from '../../base/app-error.ts';
import type { AudioTrack } from '../model/description.ts';
import { box, fullBox, u16, u32, u8, zeros } from './box.ts';

/**
 * The written properties of an audio track. `configuration`: AudioSpecificConfig (aac), contents of dac3 / dec3 (ac3, eac3; made from a frame by
 * `ac3Configuration()`, `eac3Configuration()`), OpusHead (opus), STREAMINFO with or without `fLaC` and block header (flac), empty (mp3).
 */
export type AudioShape = Pick<AudioTrack, 'codec' | 'configuration' | 'sampleRate' | 'channels'>;

interface AudioEntry {
  type: string;
  configuration: Buffer;
  sampleRate: number;
  bitsPerSample: number;
}

const OBJECT_TYPE = { aac: 0x40, mpeg2Audio: 0x69, mpeg1Audio: 0x6b } as const;
const STREAMINFO_BYTES = 34;

/** The entry of `stsd` (ISO/IEC 14496-12 12.2.3). @throws AppError UNSUPPORTED_MEDIA, NOT_MEDIA */
export function audioSampleEntry(track: AudioShape): Buffer {
  const entry = audioEntry(track);
  return box(
    entry.type,
    zeros(6),
    u16(1), // data_reference_index
    zeros(8),
    u16(track.channels, entry.bitsPerSample, 0, 0),
    u32(fittingRate(entry.sampleRate) * 0x10000),
    entry.configuration,
  );
}

function audioEntry(track: AudioShape): AudioEntry {
  const { codec, configuration, sampleRate } = track;
  const entry = { sampleRate, bitsPerSample: 16 };
  switch (codec) {
    case 'aac':
      return { ...entry, type: 'mp4a', configuration: esds(OBJECT_TYPE.aac, notEmpty(track, 2)) };
    case 'mp3':
      return {
        ...entry,
        type: 'mp4a',
        configuration: esds(sampleRate > 24000 ? OBJECT_TYPE.mpeg1Audio : OBJECT_TYPE.mpeg2Audio),
      };
    case 'ac3':
      return { ...entry, type: 'ac-3', configuration: box('dac3', notEmpty(track, 3)) };
    case 'eac3':
      return { ...entry, type: 'ec-3', configuration: box('dec3', notEmpty(track, 5)) };
    case 'opus':
      return { ...entry, type: 'Opus', sampleRate: 48000, configuration: box('dOps', opusRecord(notEmpty(track, 11))) };
    case 'flac':
      return flacEntry(configuration);
    default:
      throw new AppError('UNSUPPORTED_MEDIA', `Audio of type ${codec} cannot be written to fragmented MP4`);
  }
}

function notEmpty({ codec, configuration }: AudioShape, leastBytes: number): Uint8Array {
  if (configuration.length < leastBytes) {
    throw new AppError(
      'NOT_MEDIA',
      `The ${codec} configuration has ${configuration.length} bytes, at least ${leastBytes} are needed`,
    );
  }
  return configuration;
}

/** `esds` (ISO/IEC 14496-1 7.2.6.5): ES_Descriptor { DecoderConfigDescriptor { DecoderSpecificInfo }, SLConfigDescriptor { 2 } }. */
function esds(objectType: number, decoderSpecific?: Uint8Array): Buffer {
  const audioStream = 0x15; // streamType 5, reserved bit
  const specific = decoderSpecific ? [descriptor(0x05, decoderSpecific)] : [];
  const decoderConfig = descriptor(0x04, u8(objectType, audioStream), zeros(3), u32(0, 0), ...specific);
  const elementaryStream = descriptor(0x03, u16(0), u8(0), decoderConfig, descriptor(0x06, u8(2)));
  return fullBox({ type: 'esds', version: 0, flags: 0 }, elementaryStream);
}

/** A descriptor with its size in four bytes of seven bits each (ISO/IEC 14496-1 8.3.3). */
function descriptor(tag: number, ...contents: Uint8Array[]): Buffer {
  const body = Buffer.concat(contents);
  const size = body.length;
  return Buffer.concat([
    u8(tag, 0x80 | (size >> 21), 0x80 | ((size >> 14) & 0x7f), 0x80 | ((size >> 7) & 0x7f), size & 0x7f),
    body,
  ]);
}

/** `dOps` from OpusHead: the same fields, big-endian, version 0 (RFC 7845 5.1; Opus in ISOBMFF 4.3.2). A `dOps` passes through. */
function opusRecord(head: Uint8Array): Buffer {
  const bytes = Buffer.from(head);
  if (bytes.toString('latin1', 0, 8) !== 'OpusHead') return bytes;
  if (bytes.length < 19)
    throw new AppError('NOT_MEDIA', `The OpusHead has ${bytes.length} bytes, at least 19 are needed`);
  const out = Buffer.concat([u8(0), bytes.subarray(9)]);
  out.writeUInt16BE(bytes.readUInt16LE(10), 2); // PreSkip
  out.writeUInt32BE(bytes.readUInt32LE(12), 4); // InputSampleRate
  out.writeInt16BE(bytes.readInt16LE(16), 8); // OutputGain
  return out;
}

/** `fLaC` with `dfLa` (FLAC in ISOBMFF 3.3.2): STREAMINFO alone, marked as the last metadata block. */
function flacEntry(configuration: Uint8Array): AudioEntry {
  const bytes = Buffer.from(configuration);
  const start = bytes.toString('latin1', 0, 4) === 'fLaC' ? 8 : bytes.length === STREAMINFO_BYTES + 4 ? 4 : 0;
  const info = bytes.subarray(start, start + STREAMINFO_BYTES);
  if (info.length < STREAMINFO_BYTES)
    throw new AppError('NOT_MEDIA', `The FLAC configuration has ${bytes.length} bytes, no STREAMINFO`);
  const rateAndShape = info.readUInt32BE(10); // 20 bits sample rate, 3 channels - 1, 5 bits per sample - 1, 4 of the length
  return {
    type: 'fLaC',
    configuration: fullBox({ type: 'dfLa', version: 0, flags: 0 }, u8(0x80, 0, 0, STREAMINFO_BYTES), info),
    sampleRate: rateAndShape >>> 12,
    bitsPerSample: ((rateAndShape >>> 4) & 0x1f) + 1,
  };
}

/** The 16.16 field holds up to 65535 Hz: a higher rate is halved while the result is whole, else 0 (FLAC in ISOBMFF 3.3.1). */
function fittingRate(sampleRate: number): number {
  let rate = sampleRate;
  while (rate > 0xffff && rate % 2 === 0) rate /= 2;
  return rate > 0xffff ? 0 : rate;
}
