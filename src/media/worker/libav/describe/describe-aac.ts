// What an AAC track is: its configuration as the frames themselves have it, and what decoders make of it.
import { Packet } from 'node-av/lib';
import type { CodecParameters, Stream } from 'node-av/lib';
import { parseAdtsHeader } from '../../../bitstream/adts.ts';
import { aacLcConfig, heAacConfig, parseAudioSpecificConfig } from '../../../bitstream/audio-specific-config.ts';
import { audioCodecString } from '../../../bitstream/codec-string.ts';
import type { AudioTrack } from '../../../model/description.ts';
import { Decoder } from '../codec/decoder.ts';
import { decoderFor } from '../codec/decoders.ts';

/** Above it a core is not replicated. */
const MAX_CORE_RATE = 24_000;
const AAC_LC = 2;

export type CodedAac = Pick<AudioTrack, 'codecString' | 'configuration' | 'sampleRate' | 'channels'>;

/** `payload`: of the first packet, where there is one. */
export async function describeAac(stream: Stream, payload: Uint8Array | undefined): Promise<CodedAac> {
  const parameters = stream.codecpar;
  const stated = statedConfiguration(parameters, payload);
  const configuration = (payload && (await replicated(stream, stated, payload))) ?? stated;
  const { sampleRate, channels, sbrSampleRate, hasParametricStereo } = parseAudioSpecificConfig(configuration);
  const heard = {
    sampleRate: sbrSampleRate ?? sampleRate,
    channels: hasParametricStereo ? 2 : channels || parameters.channels,
  };
  return { codecString: audioCodecString({ codec: 'aac', configuration, ...heard }), configuration, ...heard };
}

/** MPEG-TS carries it in every frame's ADTS header. */
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

/** The configuration that says what a decoder finds in the first frame; undefined where it finds what is stated. */
async function replicated(stream: Stream, stated: Uint8Array, payload: Uint8Array): Promise<Uint8Array | undefined> {
  const config = parseAudioSpecificConfig(stated);
  const { objectType, sampleRate, channelConfiguration, channels, sbrSampleRate } = config;
  if (objectType !== AAC_LC || sbrSampleRate !== undefined || sampleRate > MAX_CORE_RATE) return undefined;
  if (!decoderFor(stream.codecpar)) return undefined;
  const heard = await firstHeard(stream, payload);
  if (!heard || heard.rate !== 2 * sampleRate) return undefined;
  const hasParametricStereo = channels === 1 && heard.channels === 2;
  return heAacConfig({ sampleRate, channelConfiguration, outputRate: heard.rate, hasParametricStereo });
}

/** What a decoder makes of one packet. */
async function firstHeard(
  stream: Stream,
  payload: Uint8Array,
): Promise<{ rate: number; channels: number } | undefined> {
  using decoder = await Decoder.open(stream, 1);
  const packet = new Packet();
  packet.alloc();
  try {
    packet.data = Buffer.from(payload);
    const frames = [...decoder.decodeAtOnce(packet), ...decoder.decodeAtOnce(undefined)];
    const [heard] = frames.map((frame) => ({ rate: frame.sampleRate, channels: frame.channels }));
    for (const frame of frames) frame.free();
    return heard;
  } finally {
    packet.free();
  }
}
