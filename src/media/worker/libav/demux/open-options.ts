// How libav opens a source: as a container that is known, with no way to anything else than its own bytes.
import { Dictionary } from 'node-av/lib';
import type { MediaInput } from '../../../../sources/port/source.ts';
import { DECODERS } from '../codec/decoders.ts';

/** Container demuxers only: no playlist format, so that nothing inside a source can name another one. */
const FORMATS =
  'mov,matroska,webm,mpegts,mpeg,avi,flv,asf,ogg,mp3,aac,flac,wav,w64,aiff,caf,ac3,eac3,dts,dtshd,truehd,h264,hevc,m4v,mpegvideo,rm,nut,ivf,mxf,gxf,dv,obu,amr,ape,tta,wv,tak,mpc,mpc8,au,vc1';

/** A track may begin late; how much is read for it is limited by bytes (libavformat's `probesize`, 5 MB). */
const ANALYZED_MICROSECONDS = '60000000';

/** Films have dozens at most, fonts among them. */
const MAX_STREAMS = '500';

/** Bounded requests over one connection; an answer may be shorter, as the server finds right. */
const REMOTE = {
  initial_request_size: '65536',
  request_size: '2097152',
  multiple_requests: '1',
  rw_timeout: '120000000',
} as const;

/** An index at the end is not there yet: places are found by reading on from the last keyframe that was seen. */
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
