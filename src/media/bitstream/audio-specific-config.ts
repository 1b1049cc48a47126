// Reads the AudioSpecificConfig of MPEG-4 audio (ISO/IEC 14496-3 1.6.2.1), and writes it for AAC-LC.
import { AppError } from '../../base/app-error.ts';
import { BitReader } from './bit-reader.ts';

export interface AudioSpecificConfig {
  /** audioObjectType of the core: 2 is AAC-LC. */
  objectType: number;
  /** Sample rate of the core, Hz: half of the output rate with SBR. */
  sampleRate: number;
  /** 0: a program config element states the channels. */
  channelConfiguration: number;
  /** Channels of the core; 0 when unknown. */
  channels: number;
  /** Samples of the core in one frame. */
  frameLength: 1024 | 960;
  /** Output rate in Hz if spectral band replication is signalled (HE-AAC). */
  sbrSampleRate: number | undefined;
  /** Whether parametric stereo is signalled (HE-AAC v2): two channels from one. */
  hasParametricStereo: boolean;
}

export const AAC_SAMPLE_RATES = [
  96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350,
] as const;
const CHANNELS = [0, 1, 2, 3, 4, 5, 6, 8, 0, 0, 0, 7, 8, 0, 8] as const;
const SBR = 5;
const PARAMETRIC_STEREO = 29;
const GENERAL_AUDIO = [1, 2, 3, 4, 6, 7, 17, 19, 20, 21, 22, 23];

/** @throws AppError NOT_MEDIA when the bytes are not an AudioSpecificConfig */
export function parseAudioSpecificConfig(bytes: Uint8Array): AudioSpecificConfig {
  const reader = new BitReader(bytes);
  let objectType = readObjectType(reader);
  const sampleRate = readSampleRate(reader);
  const channelConfiguration = reader.bits(4);
  let sbrSampleRate: number | undefined;
  let hasParametricStereo = false;
  if (objectType === SBR || objectType === PARAMETRIC_STEREO) {
    hasParametricStereo = objectType === PARAMETRIC_STEREO;
    sbrSampleRate = readSampleRate(reader);
    objectType = readObjectType(reader);
  }
  const config = { objectType, sampleRate, channelConfiguration, channels: CHANNELS[channelConfiguration] ?? 0 };
  if (!GENERAL_AUDIO.includes(objectType)) return { ...config, frameLength: 1024, sbrSampleRate, hasParametricStereo };

  const frameLength = reader.flag() ? 960 : 1024;
  if (reader.flag()) reader.skip(14); // coreCoderDelay
  reader.skip(1); // extensionFlag
  if (channelConfiguration === 0)
    return { ...config, channels: programChannels(reader), frameLength, sbrSampleRate, hasParametricStereo };
  return {
    ...config,
    frameLength,
    ...(sbrSampleRate === undefined ? readSyncExtension(reader) : { sbrSampleRate, hasParametricStereo }),
  };
}

/** Two bytes for AAC-LC with 1024 samples per frame. @throws TypeError for a rate or a channel count without a code */
export function aacLcConfig(sampleRate: number, channels: number): Buffer {
  const rateIndex = AAC_SAMPLE_RATES.findIndex((rate) => rate === sampleRate);
  const layout = channels === 8 ? 7 : CHANNELS.findIndex((count) => count === channels);
  if (rateIndex === -1 || channels < 1 || layout === -1)
    throw new TypeError(`AAC-LC with ${channels} channels at ${sampleRate} Hz`);
  const value = (2 << 11) | (rateIndex << 7) | (layout << 3);
  return Buffer.from([value >> 8, value & 0xff]);
}

/** An AAC-LC core and its decoder output: more bandwidth (SBR), and two channels from one (PS). */
export interface Replication {
  /** Coded sample rate of the core, Hz. */
  sampleRate: number;
  channelConfiguration: number;
  /** Output rate, Hz. */
  outputRate: number;
  hasParametricStereo: boolean;
}

/** Four bytes that signal HE-AAC (1.6.5.2, hierarchical signalling). @throws TypeError for a rate without a code */
export function heAacConfig({
  sampleRate,
  channelConfiguration,
  outputRate,
  hasParametricStereo,
}: Replication): Buffer {
  const [core, output] = [rateIndexOf(sampleRate), rateIndexOf(outputRate)];
  const type = hasParametricStereo ? PARAMETRIC_STEREO : SBR;
  const value = (type << 27) | (core << 23) | (channelConfiguration << 19) | (output << 15) | (2 << 10);
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

function rateIndexOf(sampleRate: number): number {
  const index = AAC_SAMPLE_RATES.findIndex((rate) => rate === sampleRate);
  if (index === -1) throw new TypeError(`AAC at ${sampleRate} Hz`);
  return index;
}

function readObjectType(reader: BitReader): number {
  const type = reader.bits(5);
  return type === 31 ? 32 + reader.bits(6) : type;
}

function readSampleRate(reader: BitReader): number {
  const index = reader.bits(4);
  const rate = index === 15 ? reader.bits(24) : AAC_SAMPLE_RATES[index];
  if (rate === undefined || rate === 0) throw new AppError('NOT_MEDIA', 'The AAC configuration names no sample rate');
  return rate;
}

/** Backward compatible signalling of SBR and PS after the core's configuration (1.6.6.1). */
function readSyncExtension(reader: BitReader): { sbrSampleRate: number | undefined; hasParametricStereo: boolean } {
  const none = { sbrSampleRate: undefined, hasParametricStereo: false };
  if (reader.bitsLeft < 16 || reader.bits(11) !== 0x2b7 || readObjectType(reader) !== SBR) return none;
  if (reader.bitsLeft < 5 || !reader.flag()) return none;
  const sbrSampleRate = readSampleRate(reader);
  const hasParametricStereo = reader.bitsLeft >= 12 && reader.bits(11) === 0x548 && reader.flag();
  return { sbrSampleRate, hasParametricStereo };
}

/** Channels of a program_config_element (4.4.1.1): front, side and back elements of one or two channels, and LFE. */
function programChannels(reader: BitReader): number {
  reader.skip(4 + 2 + 4); // tag, object type, rate
  const [front, side, back, lfe, associated, coupling] = [
    reader.bits(4),
    reader.bits(4),
    reader.bits(4),
    reader.bits(2),
    reader.bits(3),
    reader.bits(4),
  ];
  for (const bits of [4, 4, 3]) if (reader.flag()) reader.skip(bits); // mono, stereo, matrix mixdown
  let channels = lfe;
  for (let element = 0; element < front + side + back; element++) {
    channels += reader.flag() ? 2 : 1;
    reader.skip(4);
  }
  reader.skip(4 * lfe + 4 * associated + 5 * coupling);
  return channels;
}
