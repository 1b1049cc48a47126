// The options by which libav opens a source: known containers only, with no access to anything but the bytes of the source.
import { Dictionary } from 'node-av/lib';
import type { MediaInput } from '../../../../sources/port/source.ts';
import { DECODERS } from '../codec/decoders.ts';

/** Container demuxers only, no playlist formats, so that a source cannot refer to another one. */
const FORMATS =
  'mov,matroska,webm,mpegts,mpeg,avi,flv,asf,ogg,mp3,aac,flac,wav,w64,aiff,caf,ac3,eac3,dts,dtshd,truehd,h264,hevc,m4v,mpegvideo,rm,nut,ivf,mxf,gxf,dv,obu,amr,ape,tta,wv,tak,mpc,mpc8,au,vc1';

/** A track may begin late; the probe is limited by bytes instead (libavformat's `probesize`, 5 MB). */
const ANALYZED_MICROSECONDS = '60000000';

/** Regular files have dozens of streams at most, including fonts. */
const MAX_STREAMS = '500';

/** Bounded requests over one connection; the server may answer with fewer bytes. */
const REMOTE = {
  initial_request_size: '65536',
  request_size: '2097152',
  multiple_requests: '1',
  rw_timeout: '120000000',
} as const;

/** An index at the end is not downloaded yet: a seek reads on from the last keyframe found. */
const IN_ORDER = { fflags: '+ignidx', skip_estimate_duration_from_pts: '1' } as const;

export function openOptions(input: MediaInput): Dictionary {
  const isLocal = input.kind === 'file';
  return Dictionary.fromObject({
    format_whitelist: FORMATS,
    codec_whitelist: DECODERS,
    max_streams: MAX_STREAMS,
    analyzeduration: ANALYZED_MICROSECONDS,
    protocol_whitelist: isLocal ? 'file' : 'http,tcp',
    ...(isLocal ? {} : { ...REMOTE, headers: input.headers }),
    ...(input.kind === 'endpoint' && input.inOrder ? IN_ORDER : {}),
  });
}
