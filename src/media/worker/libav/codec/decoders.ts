// The decoders that may process untrusted bytes: the codecs in common use, not the hundreds of others that are poorly maintained.
import { Codec, type CodecParameters } from 'node-av/lib';

const VIDEO =
  'h264,hevc,vvc,av1,libdav1d,vp8,vp9,libvpx,libvpx-vp9,mpeg1video,mpeg2video,mpegvideo,mpeg4,msmpeg4v1,msmpeg4v2,msmpeg4,' +
  'h261,h263,h263p,flv,wmv1,wmv2,wmv3,vc1,theora,vp3,vp6,vp6f,vp6a,mjpeg,png,prores,dnxhd,dvvideo,rv10,rv20,rv30,rv40,' +
  'svq1,svq3,cinepak,ffv1,huffyuv,ffvhuff,rawvideo';
const AUDIO =
  'aac,aac_fixed,aac_latm,ac3,ac3_fixed,eac3,dca,truehd,mlp,mp1,mp1float,mp2,mp2float,mp3,mp3float,opus,libopus,vorbis,' +
  'libvorbis,flac,alac,wmav1,wmav2,wmapro,wmalossless,wmavoice,amrnb,amrwb,gsm,gsm_ms,speex,libspeex,cook,ra_144,ra_288,sipr,' +
  'atrac3,atrac3p,wavpack,tta,ape,tak,nellymoser,mpc7,mpc8,adpcm_ms,adpcm_ima_wav,adpcm_ima_qt,adpcm_swf,adpcm_yamaha,' +
  'pcm_u8,pcm_s8,pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,pcm_f32le,pcm_f32be,pcm_f64le,pcm_f64be,' +
  'pcm_alaw,pcm_mulaw,pcm_dvd,pcm_bluray,s302m';
const TEXT = 'subrip,srt,ass,ssa,mov_text,webvtt,text';

/** Names of decoders in the format of libav's `codec_whitelist`. */
export const DECODERS = [VIDEO, AUDIO, TEXT].join(',');

/** 8192 x 8192: a larger frame would take gigabytes to decode. */
export const MAX_PIXELS = 2 ** 26;

const NAMES = new Set(DECODERS.split(','));

/** The allowed decoder of a codec; undefined when libav has none, or when it is not on the list. */
export function decoderFor({ codecId }: CodecParameters): Codec | undefined {
  const codec = Codec.findDecoder(codecId);
  return codec && NAMES.has(codec.name ?? '') ? codec : undefined;
}
