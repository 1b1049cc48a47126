// The `codecs` parameter (RFC 6381) of a track, from its configuration in the init section.
import type { AudioTrack, VideoTrack } from '../model/description.ts';
import { parseAudioSpecificConfig } from './audio-specific-config.ts';

type CodedVideo = Pick<VideoTrack, 'codec' | 'configuration'>;
type CodedAudio = Pick<AudioTrack, 'codec' | 'configuration' | 'sampleRate'>;

/** Up to this sample rate MP3 is MPEG-2 audio, which has an object type of its own. */
const FASTEST_MPEG2_RATE = 24000;

/** The string for avcC, hvcC, vpcC or av1C; undefined for other codecs and for records that are too short. */
export function videoCodecString({ codec, configuration }: CodedVideo): string | undefined {
  switch (codec) {
    case 'h264':
      return configuration.length < 7 ? undefined : `avc1.${Buffer.from(configuration.subarray(1, 4)).toString('hex')}`;
    case 'hevc':
      return configuration.length < 23 ? undefined : hevcString(configuration);
    case 'vp9':
      return configuration.length < 8
        ? undefined
        : vp9String(configuration.length < 12 ? configuration : configuration.subarray(4));
    case 'av1':
      return configuration.length < 4 ? undefined : av1String(configuration);
    default:
      return undefined;
  }
}

/**
 * The string for AAC from its AudioSpecificConfig, for others from the name alone; undefined for codecs without a name in MP4.
 * @throws AppError NOT_MEDIA for a broken configuration
 */
export function audioCodecString({ codec, configuration, sampleRate }: CodedAudio): string | undefined {
  switch (codec) {
    case 'aac':
      return configuration.length === 0 ? undefined : aacString(configuration);
    case 'mp3':
      // By the object type in `esds` (RFC 6381 3.3); Chromium does not know the mp4a.40.34 of libav.
      return sampleRate > FASTEST_MPEG2_RATE ? 'mp4a.6B' : 'mp4a.69';
    case 'ac3':
      return 'ac-3';
    case 'eac3':
      return 'ec-3';
    case 'opus':
    case 'flac':
      return codec;
    default:
      return undefined;
  }
}

/** ISO/IEC 14496-15 E.3: profile, compatibility in reverse bit order, tier and level, constraint bytes without trailing zeros. */
function hevcString(record: Uint8Array): string {
  const [, head = 0] = record;
  const space = ['', 'A', 'B', 'C'][head >> 6] ?? '';
  const compatibility = reversedBits(Buffer.from(record.subarray(2, 6)).readUInt32BE(0));
  const tier = head & 0x20 ? 'H' : 'L';
  const constraints = [...record.subarray(6, 12)];
  while (constraints.at(-1) === 0) constraints.pop();
  const parts = [
    `hvc1`,
    `${space}${head & 0x1f}`,
    compatibility.toString(16).toUpperCase(),
    `${tier}${record[12] ?? 0}`,
  ];
  return [...parts, ...constraints.map((byte) => byte.toString(16).toUpperCase())].join('.');
}

function reversedBits(value: number): number {
  let reversed = 0;
  for (let bit = 0; bit < 32; bit++) reversed = reversed * 2 + ((value >>> bit) & 1);
  return reversed;
}

/** The short form means 4:2:0, BT.709, limited range; other values need the long form. */
function vp9String(record: Uint8Array): string {
  const [profile = 0, level = 0, shape = 0, ...rest] = record;
  const short = `vp09.${twoDigits(profile)}.${twoDigits(level)}.${twoDigits(shape >> 4)}`;
  const chroma = (shape >> 1) & 7;
  const color = rest.slice(0, 3).map((value) => (value === 2 ? 1 : value));
  if (chroma <= 1 && (shape & 1) === 0 && color.every((value) => value === 1)) return short;
  return [short, ...[chroma, ...color, shape & 1].map(twoDigits)].join('.');
}

/** AV1 in ISOBMFF section 5: profile, level and tier, bit depth. */
function av1String(record: Uint8Array): string {
  const [, shape = 0, flags = 0] = record;
  const bitDepth = flags & 0x40 ? (flags & 0x20 ? 12 : 10) : 8;
  return `av01.${shape >> 5}.${twoDigits(shape & 0x1f)}${flags & 0x80 ? 'H' : 'M'}.${twoDigits(bitDepth)}`;
}

function aacString(configuration: Uint8Array): string {
  const { objectType, sbrSampleRate, hasParametricStereo } = parseAudioSpecificConfig(configuration);
  if (hasParametricStereo) return 'mp4a.40.29';
  return `mp4a.40.${sbrSampleRate === undefined ? objectType : 5}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
