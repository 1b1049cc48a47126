// Properties of the frames of audio codecs: their lengths, and the warm-up that decoders need before their output is exact.
import { AV_PROFILE_AAC_HE, AV_PROFILE_AAC_HE_V2 } from 'node-av/constants';
import type { CodecParameters } from 'node-av/lib';
import { codecName } from '../codec/check.ts';

/** Transforms overlap, MP3 uses bits of the frames before, Opus converges within 80 ms, TrueHD begins at a major sync (up to 128 frames apart). */
const WARM_UP_SECONDS = 0.25;

/** HE-AAC: the header of the replicated band comes about twice a second; without it the high frequencies are missing. */
const AAC_WARM_UP_SECONDS = 1.1;

/** A core of up to this rate may use spectral band replication without stating it. */
const MAX_CORE_RATE = 24_000;
const REPLICATED_PROFILES: readonly number[] = [AV_PROFILE_AAC_HE, AV_PROFILE_AAC_HE_V2];

const OPUS_STEP = 120;
const VORBIS_HEADER = Buffer.from('\x01vorbis', 'latin1');
const VORBIS_BLOCK_SIZES = 28;

/** Seconds of audio to decode and discard before the wanted position. */
export function warmUpSeconds(parameters: CodecParameters): number {
  const isReplicated = REPLICATED_PROFILES.includes(parameters.profile) || parameters.sampleRate <= MAX_CORE_RATE;
  return isReplicated && codecName(parameters).startsWith('aac') ? AAC_WARM_UP_SECONDS : WARM_UP_SECONDS;
}

/** Samples that divide the length of every frame, for codecs with frames of different lengths; undefined: unknown, or all lengths are equal. */
export function frameStep(parameters: CodecParameters): number | undefined {
  switch (codecName(parameters)) {
    case 'opus':
      return OPUS_STEP;
    case 'vorbis':
      return vorbisStep(parameters.extradata ?? Buffer.alloc(0));
    default:
      return undefined;
  }
}

/** A packet yields a quarter of its own block plus a quarter of the block before (Vorbis I, 1.3.2); the smaller block size gives the step. */
function vorbisStep(extradata: Buffer): number | undefined {
  const header = extradata.indexOf(VORBIS_HEADER);
  const sizes = header === -1 ? undefined : extradata[header + VORBIS_BLOCK_SIZES];
  return sizes === undefined ? undefined : 2 ** (sizes & 0xf) / 4;
}
