// Describes an AAC track: its configuration as the frames have it, and the output of decoders.
import { Packet } from 'node-av/lib';
import type { CodecParameters, Stream } from 'node-av/lib';
import { parseAdtsHeader } from '../../../bitstream/adts.ts';
import { aacLcConfig, heAacConfig, parseAudioSpecificConfig } from '../../../bitstream/audio-specific-config.ts';
import { audioCodecString } from '../../../bitstream/codec-string.ts';
import type { AudioTrack } from '../../../model/description.ts';
import { Decoder } from '../codec/decoder.ts';
import { decoderFor } from '../codec/decoders.ts';

/** A core above this rate has no spectral band replication. */
const MAX_CORE_RATE = 24_000;
const AAC_LC = 2;

export type CodedAac = Pick<AudioTrack, 'codecString' | 'configuration' | 'sampleRate' | 'channels'>;

/** `payload`: the payload of the first packet, if there is one. */
export async function describeAac(stream: Stream, payload: Uint8Array | undefined): Promise<CodedAac> {
  const parameters = stream.codecpar;
  const stated = statedConfiguration(parameters, payload);
  const configuration = (payload && (await replicated(stream, stated, payload))) ?? stated;
  const { sampleRate, channels, sbrSampleRate, hasParametricStereo } = parseAudioSpecificConfig(configuration);
  const output = {
    sampleRate: sbrSampleRate ?? sampleRate,
    channels: hasParametricStereo ? 2 : channels || parameters.channels,
  };
  return { codecString: audioCodecString({ codec: 'aac', configuration, ...output }), configuration, ...output };
}

/** The stated configuration; MPEG-TS states it in the ADTS header of every frame. */
function statedConfiguration(parameters: CodecParameters, payload: Uint8Array | undefined): Uint8Array {
  const { extradata } = parameters;
  if (extradata?.length) {
    parseAudioSpecificConfig(extradata);
    return extradata;
  }
  const header = payload && parseAdtsHeader(payload);
  if (!header || header.objectType !== AAC_LC) return aacLcConfig(parameters.sampleRate, parameters.channels);
  const channels = header.channelConfiguration === 7 ? 8 : header.channelConfiguration || parameters.channels;
  return aacLcConfig(header.sampleRate, channels);
}

/** The HE-AAC configuration that a decoder finds in the first frame; undefined when the stated configuration is right. */
async function replicated(stream: Stream, stated: Uint8Array, payload: Uint8Array): Promise<Uint8Array | undefined> {
  const config = parseAudioSpecificConfig(stated);
  const { objectType, sampleRate, channelConfiguration, channels, sbrSampleRate } = config;
  if (objectType !== AAC_LC || sbrSampleRate !== undefined || sampleRate > MAX_CORE_RATE) return undefined;
  if (!decoderFor(stream.codecpar)) return undefined;
  const output = await decodedShape(stream, payload);
  if (!output || output.rate !== 2 * sampleRate) return undefined;
  const hasParametricStereo = channels === 1 && output.channels === 2;
  return heAacConfig({ sampleRate, channelConfiguration, outputRate: output.rate, hasParametricStereo });
}

/** The rate and channels that a decoder outputs for one packet. */
async function decodedShape(
  stream: Stream,
  payload: Uint8Array,
): Promise<{ rate: number; channels: number } | undefined> {
  using decoder = await Decoder.open(stream, 1);
  const packet = new Packet();
  packet.alloc();
  try {
    packet.data = Buffer.from(payload);
    const frames = [...decoder.decodeAtOnce(packet), ...decoder.decodeAtOnce(undefined)];
    const [output] = frames.map((frame) => ({ rate: frame.sampleRate, channels: frame.channels }));
    for (const frame of frames) frame.free();
    return output;
  } finally {
    packet.free();
  }
}
